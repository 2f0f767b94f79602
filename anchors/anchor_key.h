// The keys of sticky anchors: tokens with equal keys that are in flight share a core.
#pragma once

#include <cstdint>

#include <tokengate/anchors/fingerprint.h>
#include <tokengate/core/anchor_key.h>

namespace tokengate {

/// The policy itself is no part of a key: where two operations of one anchor name have different ones, their keys meet
/// when their fingerprints do.
template <hash_policy Policy>
struct anchor_key {
  /// Whether tokens that keep arguments of these types can be anchored.
  template <class... Stored>
  static constexpr bool possible = (fingerprintable<Stored, Policy> && ...);

  /// `name_hash` is the anchor_name_hash of the anchor. Throws only what a user's fingerprint_append throws.
  template <class... Stored>
  [[nodiscard]] static std::uint64_t of(std::uint64_t name_hash, const Stored&... values) {
    return detail::mix_word(name_hash, detail::fingerprint_salt::tuple, fingerprint<Policy>(values...));
  }
};

}  // namespace tokengate
