// A closed registry: the operations of an application or a plugin as one constexpr value.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <boost/hana/core/tag_of.hpp>
#include <boost/hana/fwd/any_of.hpp>
#include <boost/hana/fwd/find_if.hpp>
#include <boost/hana/fwd/unpack.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include <tokengate/core/name_index.h>
#include <tokengate/core/operation.h>

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

}  // namespace detail

struct registry_tag {};

/// What TOKENGATE_APPLICATION and TOKENGATE_PLUGIN define: an empty constexpr value; all but records() can be asked in
/// a static_assert. For Boost.Hana it is a Foldable and Searchable of hana::type<operation type>, in order of
/// declaration, plugins last. `Closed` is a name for the list of operations, which keeps the list itself out of
/// messages and symbols.
template <class Closed>
class registry {
 public:
  using hana_tag = registry_tag;
  using operations = typename Closed::operations;

  static constexpr std::size_t size() { return operations::size; }

  /// The facts of all operations.
  static constexpr std::span<const operation_info* const, operations::size> infos() { return infos_; }

  /// The facts of the operation with this name, or null. Takes constant time.
  static constexpr const operation_info* find(std::string_view name) {
    const std::size_t place = index_.place_of(name);
    return place == index_.none ? nullptr : infos_[place];
  }

  /// Whether it holds an operation of this name, or this very operation.
  static constexpr bool contains(std::string_view name) { return find(name) != nullptr; }
  template <class Facts>
  static constexpr bool contains(const operation<Facts>&) {
    return find(operation<Facts>::info.name) == &operation<Facts>::info;
  }

  /// Whether `caller` names `callee` in its external_calls.
  static constexpr bool calls(std::string_view caller, std::string_view callee) {
    const operation_info* const info = find(caller);
    if (info == nullptr) return false;
    for (const std::string_view name : info->calls)
      if (name == callee) return true;
    return false;
  }

  /// The operation types as a hana::tuple of hana::type.
  static constexpr auto types() { return detail::types_of(operations{}); }

  static std::span<operation_record* const> records() { return records_; }

 private:
  static constexpr auto infos_ = detail::infos_of(operations{});
  static constexpr auto records_ = detail::records_of(operations{});
  static constexpr detail::name_index index_{infos_};
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
