// What operations of a registry are chosen by: `primes.where(is_lead)`, `primes.where(weight::heavy)`.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include <tokengate/core/operation_info.h>
#include <tokengate/core/tags.h>

namespace tokengate {

constexpr bool is_lead(const operation_info& info) { return info.attributes.lead; }
constexpr bool is_anchored(const operation_info& info) { return info.attributes.anchored; }
constexpr bool touches_storage(const operation_info& info) { return info.attributes.touches_storage(); }
constexpr bool has_timeout(const operation_info& info) { return info.timeout.count() > 0; }

/// Declared in this namespace or one inside of it: `primes.where(in_namespace{"shop::ledger"})`.
struct in_namespace {
  std::string_view name;

  constexpr bool operator()(const operation_info& info) const {
    const std::string_view scope = info.scope();
    return scope.starts_with(name) &&
           (name.empty() || scope.size() == name.size() || scope.substr(name.size()).starts_with("::"));
  }
};

namespace detail {

// Whether an operation is what a tag says: by the tag, or because that is what it is without one.

constexpr bool fits(const operation_info& info, weight wanted) { return info.attributes.weight == wanted; }
constexpr bool fits(const operation_info& info, storage_speed wanted) {
  return info.attributes.storage == static_cast<std::uint8_t>(wanted);
}
constexpr bool fits(const operation_info& info, domain wanted) {
  return info.attributes.lead && info.attributes.domain == wanted;
}
constexpr bool fits(const operation_info& info, digest_policy wanted) {
  return info.attributes.lead && info.attributes.digest_policy == wanted;
}
constexpr bool fits(const operation_info& info, hash_policy wanted) {
  return info.attributes.anchored && info.attributes.hash_policy == wanted;
}
constexpr bool fits(const operation_info& info, const sticky_anchor& wanted) {
  return info.attributes.anchored && info.anchor == wanted.name;
}
constexpr bool fits(const operation_info& info, exclusive_tag) { return info.attributes.exclusive; }
constexpr bool fits(const operation_info& info, const lane& wanted) { return info.lane == wanted.name; }
constexpr bool fits(const operation_info& info, const timeout& wanted) { return info.timeout == wanted.limit; }

}  // namespace detail

/// What `where` takes: a predicate of an operation's facts, or a tag that is a value of theirs.
template <class T>
concept operation_filter = std::predicate<const T&, const operation_info&> ||
                           requires(const T& tag, const operation_info& info) { detail::fits(info, tag); };

}  // namespace tokengate
