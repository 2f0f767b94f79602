// Some of the operations of a registry, as a value to narrow, to combine and to ask who calls whom.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <tuple>

#include <tokengate/core/call_graph.h>
#include <tokengate/core/declaration.h>
#include <tokengate/core/operation_filters.h>
#include <tokengate/core/operation_info.h>
#include <tokengate/core/place_set.h>

namespace tokengate {

template <class Closed>
class registry;
template <class Facts>
class operation;

/// Goes through pointers to facts as if they were the facts.
class operation_iterator {
 public:
  using value_type = operation_info;
  using difference_type = std::ptrdiff_t;

  constexpr operation_iterator() = default;
  constexpr explicit operation_iterator(const operation_info* const* at) : at_(at) {}
  constexpr const operation_info& operator*() const { return **at_; }
  constexpr const operation_info* operator->() const { return *at_; }
  constexpr operation_iterator& operator++() {
    ++at_;
    return *this;
  }
  constexpr operation_iterator operator++(int) { return operation_iterator(at_++); }
  constexpr bool operator==(const operation_iterator&) const = default;

 private:
  const operation_info* const* at_ = nullptr;
};

/// Facts of up to `Capacity` operations, in order. A value: it owns nothing but its pointers.
template <std::size_t Capacity>
class operation_list {
 public:
  constexpr void add(const operation_info& info) { infos_[size_++] = &info; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const operation_info* const* data() const { return infos_.data(); }
  constexpr const operation_info* const* begin() const { return data(); }
  constexpr const operation_info* const* end() const { return data() + size_; }
  constexpr const operation_info& operator[](std::size_t place) const { return *infos_[place]; }

 private:
  std::array<const operation_info*, Capacity> infos_{};
  std::size_t size_ = 0;
};

namespace detail {

/// Throws misuse; where the compiler evaluates, the call itself is the error that the user sees.
[[noreturn]] void no_such_operation_in_this_registry(std::string_view name);

struct always {
  constexpr bool operator()(const auto&) const { return true; }
};

template <class Kind, class Predicate, class Given>
constexpr bool tag_holds([[maybe_unused]] const Given& given, [[maybe_unused]] const Predicate& predicate) {
  if constexpr (has_kind<Kind, Given>)
    return static_cast<bool>(predicate(given));
  else
    return false;
}
template <class Kind, class Predicate, class... Given>
constexpr bool some_tag_holds(const tags<Given...>& all, [[maybe_unused]] const Predicate& predicate) {
  return std::apply([&](const Given&... each) { return (false || ... || tag_holds<Kind>(each, predicate)); },
                    all.given);
}
/// Of which operations a tag of this kind was given, for which the predicate holds.
template <class Kind, class Predicate, class... Facts>
constexpr std::array<bool, sizeof...(Facts)> tag_holders(list<operation<Facts>...>, const Predicate& predicate) {
  return {some_tag_holds<Kind>(given_tags<Facts>, predicate)...};
}

}  // namespace detail

/// A few words that say which operations of one registry are meant. Needs no memory, and works alike in constant
/// expressions and at run time. What a member function takes as `What` is a name, an operation, a storage_choice, a
/// plugin's registry, or a selection; one that the registry does not have is a compile error, or misuse at run time.
/// Calls are those that external_calls declare, over the whole registry; all questions about them are linear in the
/// size of the registry.
template <class Closed>
class selection {
  static constexpr std::size_t count = registry<Closed>::size();
  using places = detail::place_set<count>;

 public:
  /// None.
  constexpr selection() = default;

  constexpr std::size_t size() const { return places_.size(); }
  constexpr bool empty() const { return size() == 0; }

  /// Goes through `const operation_info&` in the order of the registry, while the selection lives.
  class iterator;
  constexpr iterator begin() const { return iterator(&places_, places_.next(0)); }
  constexpr iterator end() const { return iterator(&places_, count); }

  /// The same as pointers, which convert to std::span.
  constexpr operation_list<count> infos() const {
    operation_list<count> result;
    for (const operation_info& info : *this) result.add(info);
    return result;
  }

  /// Those for which the filter holds: a predicate of `const operation_info&`, or a tag as it would be declared
  /// (weight::medium also finds those without a weight).
  template <operation_filter Filter>
  constexpr selection where(const Filter& filter) const {
    places found;
    for (std::size_t place = places_.next(0); place < count; place = places_.next(place + 1)) {
      const operation_info& info = *registry<Closed>::infos()[place];
      if constexpr (std::predicate<const Filter&, const operation_info&>) {
        if (filter(info)) found.add(place);
      } else {
        if (detail::fits(info, filter)) found.add(place);
      }
    }
    return selection(found);
  }

  /// Those that were declared with a tag of this kind, such as a plugin's own, if a predicate of the tag holds.
  template <class Tag, class Predicate = detail::always>
  constexpr selection tagged(const Predicate& predicate = {}) const {
    const auto holds = detail::tag_holders<typename tag_traits<Tag>::kind>(typename Closed::operations{}, predicate);
    places found;
    for (std::size_t place = places_.next(0); place < count; place = places_.next(place + 1))
      if (holds[place]) found.add(place);
    return selection(found);
  }

  friend constexpr selection operator|(selection left, const selection& right) {
    return selection(left.places_ |= right.places_);
  }
  friend constexpr selection operator&(selection left, const selection& right) {
    return selection(left.places_ &= right.places_);
  }
  friend constexpr selection operator-(selection left, const selection& right) {
    return selection(left.places_ -= right.places_);
  }
  constexpr bool operator==(const selection&) const = default;

  /// Whether all of them are in it.
  template <class What>
  constexpr bool contains(const What& what) const {
    return (registry<Closed>::of(what) - *this).empty();
  }

  /// Those that these call, that call these; `reachable` and `reaching`: by one call or more.
  constexpr selection callees() const { return selection(graph().step(places_, detail::direction::to_callees)); }
  constexpr selection callers() const { return selection(graph().step(places_, detail::direction::to_callers)); }
  constexpr selection reachable() const { return selection(graph().closure(places_, detail::direction::to_callees)); }
  constexpr selection reaching() const { return selection(graph().closure(places_, detail::direction::to_callers)); }

  /// Whether one of these calls one of those; `reaches`: by one call or more.
  template <class What>
  constexpr bool calls(const What& what) const {
    return !(callees() & registry<Closed>::of(what)).empty();
  }
  template <class What>
  constexpr bool reaches(const What& what) const {
    return !(reachable() & registry<Closed>::of(what)).empty();
  }

  /// A shortest chain of calls from one of these to one of those, both included; empty if there is none. From an
  /// operation to itself: a cycle that it is on.
  template <class What>
  constexpr operation_list<count + 1> path(const What& what) const {
    operation_list<count + 1> result;
    const auto way = graph().shortest(places_, registry<Closed>::of(what).places_);
    for (std::size_t i = 0; i < way.length; ++i) result.add(*registry<Closed>::infos()[way.places[i]]);
    return result;
  }

  /// Those that no other operation of the registry calls; that call no other; that may come to call themselves.
  constexpr selection roots() const { return selection(graph().ends(detail::direction::to_callers)) & *this; }
  constexpr selection leaves() const { return selection(graph().ends(detail::direction::to_callees)) & *this; }
  constexpr selection cyclic() const { return selection(graph().cyclic()) & *this; }

 private:
  friend class registry<Closed>;
  constexpr explicit selection(const places& chosen) : places_(chosen) {}
  static constexpr const auto& graph() { return registry<Closed>::graph_; }

  places places_;
};

template <class Closed>
class selection<Closed>::iterator {
 public:
  using value_type = operation_info;
  using difference_type = std::ptrdiff_t;

  constexpr iterator() = default;
  constexpr iterator(const places* chosen, std::size_t place) : chosen_(chosen), place_(place) {}
  constexpr const operation_info& operator*() const { return *registry<Closed>::infos()[place_]; }
  constexpr const operation_info* operator->() const { return registry<Closed>::infos()[place_]; }
  constexpr iterator& operator++() {
    place_ = chosen_->next(place_ + 1);
    return *this;
  }
  constexpr iterator operator++(int) {
    const iterator old = *this;
    ++*this;
    return old;
  }
  constexpr bool operator==(const iterator&) const = default;

 private:
  const places* chosen_ = nullptr;
  std::size_t place_ = 0;
};

}  // namespace tokengate
