// How a type becomes a tag. A plugin adds one by specialising tag_traits for its own type:
//
//   struct retries { int limit; };
//   template <> struct tokengate::tag_traits<retries> {
//     using kind = retries;
//     static constexpr void apply(const retries&, tokengate::operation_info&) {}
//   };
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tokengate/core/operation_info.h>
#include <tokengate/core/tags.h>

namespace tokengate {

/// Specialise for a type to make it a tag. Two tags of one `kind` clash; `apply(const Tag&, operation_info&)` alters
/// the facts of the operation. The tag handed to it lives as long as the operation (for a declared one: as the
/// program), so that the facts may refer into it.
template <class Tag>
struct tag_traits;

template <class T>
concept tag = std::is_object_v<T> && requires(const T& given, operation_info& info) {
  typename tag_traits<T>::kind;
  { tag_traits<T>::apply(given, info) } -> std::same_as<void>;
};

template <>
struct tag_traits<weight> {
  using kind = weight;
  static constexpr void apply(weight given, operation_info& info) { info.attributes.weight = given; }
};

template <>
struct tag_traits<storage_speed> {
  using kind = storage_speed;
  static constexpr void apply(storage_speed given, operation_info& info) {
    info.attributes.storage = static_cast<std::uint8_t>(given) & 7;  // bits that it has: -Wconversion
  }
};

template <>
struct tag_traits<domain> {
  using kind = domain;
  static constexpr void apply(domain given, operation_info& info) { info.attributes.domain = given; }
};

template <>
struct tag_traits<hash_policy> {
  using kind = hash_policy;
  static constexpr void apply(hash_policy given, operation_info& info) { info.attributes.hash_policy = given; }
};

template <>
struct tag_traits<digest_policy> {
  using kind = digest_policy;
  static constexpr void apply(digest_policy given, operation_info& info) { info.attributes.digest_policy = given; }
};

template <>
struct tag_traits<sticky_anchor> {
  using kind = sticky_anchor;
  static constexpr void apply(const sticky_anchor& given, operation_info& info) {
    info.anchor = given.name;
    info.attributes.anchored = true;
  }
};

template <>
struct tag_traits<exclusive_tag> {
  using kind = exclusive_tag;
  static constexpr void apply(exclusive_tag, operation_info& info) { info.attributes.exclusive = true; }
};

template <>
struct tag_traits<lane> {
  using kind = lane;
  static constexpr void apply(const lane& given, operation_info& info) { info.lane = given.name; }
};

template <>
struct tag_traits<timeout> {
  using kind = timeout;
  static constexpr void apply(const timeout& given, operation_info& info) { info.timeout = given.limit; }
};

template <std::size_t Count>
struct tag_traits<external_calls<Count>> {
  using kind = external_calls<0>;  // however many names: one kind
  static constexpr void apply(const external_calls<Count>& given, operation_info& info) {
    info.calls = given.names;
    info.attributes.lead = true;
  }
};

/// Tags in the order they were written: of a declaration, or of one `submit(tags{...}, callable, arguments...)`.
template <class... Given>
struct tags {
  std::tuple<Given...> given;

  constexpr explicit tags(Given... values) : given(std::move(values)...) {}

  /// Lets every tag alter `info`; `info` may refer into this object afterwards.
  constexpr void apply([[maybe_unused]] operation_info& info) const {
    std::apply([&]([[maybe_unused]] const Given&... each) { (tag_traits<Given>::apply(each, info), ...); }, given);
  }
};

namespace detail {

template <class... Given>
constexpr tags<Given...> tags_given(Given... values) {
  return tags<Given...>(std::move(values)...);
}

}  // namespace detail
}  // namespace tokengate
