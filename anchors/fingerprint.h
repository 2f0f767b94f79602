// A number for values: equal values have equal ones, in every process; different values different ones, but for chance.
#pragma once

#include <cstdint>
#include <type_traits>

#include <tokengate/anchors/fingerprint_compounds.h>
#include <tokengate/anchors/fingerprint_handles.h>
#include <tokengate/anchors/fingerprint_kind.h>
#include <tokengate/anchors/fingerprint_values.h>
#include <tokengate/core/tags.h>

namespace tokengate {

/// Whether values of this type can be told apart under the policy.
template <class T, hash_policy Policy = hash_policy::standard>
concept fingerprintable =
    Policy == hash_policy::none || detail::fingerprint_kind<std::remove_cvref_t<T>, Policy>::possible;

namespace detail {

/// What a fingerprint_append adds and must not exists, too, so that the error stands at the user's line. It is a base
/// because clang would say it twice otherwise.
template <hash_policy Policy>
struct refused_values {
  template <class... Values>
    requires(!(fingerprintable<Values, Policy> && ...))
  __attribute__((
      unavailable("tokengate[TG-E125] fingerprint_append: something has no fingerprint under this hash_policy; "
                  "add values, say tokengate::fingerprint_by_address for a pointer, or choose another "
                  "policy"))) fingerprinter<Policy>&
  operator()(const Values&...) {
    return static_cast<fingerprinter<Policy>&>(*this);
  }
};

}  // namespace detail

/// What values are added to, in turn. Which values count is the policy's affair:
///   none      nothing does
///   fast      what the language and the standard library know, by value; pointers by address; of other types only
///             which type it is: never runs code of users
///   standard  all that have a value: also user types that say what they are made of (below); pointers are refused
///   full      the same, and what pointers and references lead to, as it is when the operation is called
///
/// A user type says what it is made of by a function that is found by its argument:
///     friend void fingerprint_append(auto& to, const account& each) { to(each.number, each.currency); }
/// or by being known to Boost.Hana (BOOST_HANA_DEFINE_STRUCT). Equal values must add equal ones.
///
/// Numbers count by value, whatever their type; so do 0.0 and -0.0, and all NaNs are one. Unordered containers count
/// whatever their order, durations by their length, paths as they compare. XXH3-64. A step is some 5 ns.
template <hash_policy Policy>
class fingerprinter : public detail::refused_values<Policy> {
 public:
  using detail::refused_values<Policy>::operator();
  template <class... Values>
    requires(fingerprintable<Values, Policy> && ...)
  fingerprinter& operator()(const Values&... values) {
    (detail::fingerprint_kind<Values, Policy>::add(*this, values), ...);
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

  // For the kinds of fingerprint_kind.h.
  void word(detail::fingerprint_salt salt, std::uint64_t word) noexcept {
    state_ = detail::mix_word(state_, salt, word);
  }
  void bytes(detail::fingerprint_salt salt, const void* data, std::size_t size) noexcept {
    state_ = detail::mix_bytes(state_, salt, data, size);
  }

 private:
  std::uint64_t state_ = 0;
};

/// Of some values in this order. Throws only what a user's fingerprint_append throws.
template <hash_policy Policy = hash_policy::standard, fingerprintable<Policy>... Values>
[[nodiscard]] std::uint64_t fingerprint(const Values&... values) {
  fingerprinter<Policy> all;
  if constexpr (Policy != hash_policy::none) all(values...);
  return all.value();
}

}  // namespace tokengate
