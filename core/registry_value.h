// A closed registry: the operations of an application or a plugin as one constexpr value. docs/registry.md shows what
// can be asked of it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include <boost/hana/core/tag_of.hpp>
#include <boost/hana/fwd/any_of.hpp>
#include <boost/hana/fwd/find_if.hpp>
#include <boost/hana/fwd/unpack.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include <tokengate/core/name_index.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/rules.h>
#include <tokengate/core/selection.h>

namespace tokengate {

namespace detail {

template <class... Operations>
constexpr std::array<const operation_info*, sizeof...(Operations)> infos_of(list<Operations...>) {
  return {&Operations::info...};
}
template <class... Operations>
constexpr std::array<operation_record*, sizeof...(Operations)> records_of(list<Operations...>) {
  return {&Operations::record()...};
}
template <class... Operations>
constexpr auto types_of(list<Operations...>) {
  return boost::hana::tuple_t<Operations...>;
}
template <std::size_t Place, class... Operations>
constexpr auto operation_in(list<Operations...>) {
  return typename decltype(+boost::hana::tuple_t<Operations...>[boost::hana::size_c<Place>])::type{};
}
template <std::size_t Count>
constexpr std::size_t calls_of(const std::array<const operation_info*, Count>& operations) {
  std::size_t sum = 0;
  for (const operation_info* const info : operations) sum += info->calls.size();
  return sum;
}

template <class What>
concept text = std::convertible_to<const What&, std::string_view>;

}  // namespace detail

struct registry_tag {};

/// What TOKENGATE_APPLICATION and TOKENGATE_PLUGIN define: an empty constexpr value; all but records() can be asked in
/// a static_assert. As a range it is one of `const operation_info&`, for Boost.Hana a Foldable and Searchable of
/// hana::type<operation type>; both in order of declaration, plugins last. What is asked of all its operations can be
/// asked of some of them, too: selection.h. `Closed` is a name for the list of operations, which keeps the list itself
/// out of messages and symbols.
template <class Closed>
class registry {
 public:
  using hana_tag = registry_tag;
  using operations = typename Closed::operations;

  static constexpr std::size_t size() { return operations::size; }

  /// The facts of all operations.
  static constexpr std::span<const operation_info* const, operations::size> infos() { return infos_; }
  static constexpr operation_iterator begin() { return operation_iterator(infos_.data()); }
  static constexpr operation_iterator end() { return operation_iterator(infos_.data() + size()); }

  /// The facts of the operation with this name, or null. Takes constant time.
  static constexpr const operation_info* find(std::string_view name) {
    const std::size_t place = index_.place_of(name);
    return place == index_.none ? nullptr : infos_[place];
  }

  /// The operation of this name itself: `primes.get<"prime_check">()(7)`, or its type by decltype.
  template <detail::spelled Name>
  static constexpr auto get() {
    constexpr std::size_t place = index_.place_of(std::string_view(Name.letters, sizeof Name.letters - 1));
    static_assert(place != index_.none, "the registry has no operation of this name");
    if constexpr (place != index_.none) return detail::operation_in<place>(operations{});
  }

  /// Whether it holds an operation of this name, or this very operation.
  static constexpr bool contains(std::string_view name) { return find(name) != nullptr; }
  template <class Facts>
  static constexpr bool contains(const operation<Facts>&) {
    return find(operation<Facts>::info.name) == &operation<Facts>::info;
  }

  /// All of them, and those that are meant by any number of names, operations, storage_choices, plugins and selections.
  static constexpr selection<Closed> all() { return selection<Closed>(selection<Closed>::places::all()); }
  template <class... What>
  static constexpr selection<Closed> of(const What&... what) {
    selection<Closed> found;
    (add(what, found), ...);
    return found;
  }

  /// Of all operations what selection.h says of some.
  template <operation_filter Filter>
  static constexpr selection<Closed> where(const Filter& filter) {
    return all().where(filter);
  }
  template <class Tag, class... Predicate>
  static constexpr selection<Closed> tagged(const Predicate&... predicate) {
    return all().template tagged<Tag>(predicate...);
  }
  static constexpr selection<Closed> roots() { return all().roots(); }
  static constexpr selection<Closed> leaves() { return all().leaves(); }
  static constexpr selection<Closed> cyclic() { return all().cyclic(); }

  /// Whether `from` names `to` in its external_calls, or one of `from` one of `to`. As `to` is asked by name, it may
  /// also be an operation that a plugin calls and does not have.
  template <class From, class To>
  static constexpr bool calls(const From& from, const To& to) {
    if constexpr (detail::text<To>)
      return contains(to) ? of(from).calls(to) : calls_outside(of(from), to);
    else
      return of(from).calls(to);
  }
  /// The same by one call or more, and a shortest chain of them.
  template <class From, class To>
  static constexpr bool reaches(const From& from, const To& to) {
    return of(from).reaches(to);
  }
  template <class From, class To>
  static constexpr operation_list<operations::size + 1> path(const From& from, const To& to) {
    return of(from).path(to);
  }

  /// The operation types as a hana::tuple of hana::type.
  static constexpr auto types() { return detail::types_of(operations{}); }

  static std::span<operation_record* const> records() { return records_; }

 private:
  friend class selection<Closed>;

  template <class What>
  static constexpr void add(const What& what, selection<Closed>& found) {
    if constexpr (detail::text<What>) {
      const std::size_t place = index_.place_of(what);
      if (place == index_.none) detail::no_such_operation_in_this_registry(what);
      found.places_.add(place);
    } else if constexpr (requires { What::operation_names; }) {
      for (const std::string_view name : What::operation_names) add(name, found);
    } else if constexpr (requires { What::info.name; }) {
      add_very(What::info, found);
    } else if constexpr (std::is_same_v<What, selection<Closed>>) {
      found = found | what;
    } else {
      for (const operation_info& info : what) add_very(info, found);
    }
  }
  /// Not another one of that name.
  static constexpr void add_very(const operation_info& info, selection<Closed>& found) {
    if (find(info.name) != &info) detail::no_such_operation_in_this_registry(info.name);
    add(info.name, found);
  }

  static constexpr bool calls_outside(const selection<Closed>& from, std::string_view to) {
    const auto names_it = [to](const operation_info& info) {
      for (const std::string_view name : info.calls)
        if (name == to) return true;
      return false;
    };
    if (where(names_it).empty()) detail::no_such_operation_in_this_registry(to);
    return !from.where(names_it).empty();
  }

 private:
  static constexpr auto infos_ = detail::infos_of(operations{});
  static constexpr auto records_ = detail::records_of(operations{});
  static constexpr detail::name_index index_{infos_};
  static constexpr detail::call_graph<operations::size, detail::calls_of(infos_)> graph_{infos_, index_};
};

}  // namespace tokengate

namespace boost::hana {

template <>
struct unpack_impl<tokengate::registry_tag> {
  template <class Registry, class Function>
  static constexpr decltype(auto) apply(Registry registry, Function&& function) {
    return hana::unpack(registry.types(), static_cast<Function&&>(function));
  }
};

template <>
struct find_if_impl<tokengate::registry_tag> {
  template <class Registry, class Predicate>
  static constexpr auto apply(Registry registry, Predicate&& predicate) {
    return hana::find_if(registry.types(), static_cast<Predicate&&>(predicate));
  }
};

template <>
struct any_of_impl<tokengate::registry_tag> {
  template <class Registry, class Predicate>
  static constexpr auto apply(Registry registry, Predicate&& predicate) {
    return hana::any_of(registry.types(), static_cast<Predicate&&>(predicate));
  }
};

}  // namespace boost::hana
