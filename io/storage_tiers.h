// The four storage tiers of a coordinator.
#pragma once

#include <array>
#include <cstddef>

#include <tokengate/core/tags.h>
#include <tokengate/io/storage_limits.h>
#include <tokengate/io/storage_tier.h>

namespace tokengate::io {

/// Fixed set of tiers; storage_tier::set_limit changes one live. Any thread.
class storage_tiers {
 public:
  /// Throws misuse for a limit of 0.
  explicit storage_tiers(const storage_limits& limits = {})
      : tiers_{storage_tier(limits.slow), storage_tier(limits.moderate), storage_tier(limits.fast),
               storage_tier(limits.insane)} {}

  [[nodiscard]] storage_tier& tier(storage_speed speed) noexcept { return tiers_[place_of(speed)]; }
  [[nodiscard]] const storage_tier& tier(storage_speed speed) const noexcept { return tiers_[place_of(speed)]; }

 private:
  static constexpr std::size_t place_of(storage_speed speed) noexcept {
    return static_cast<std::size_t>(speed) - static_cast<std::size_t>(storage_speed::slow);
  }

  std::array<storage_tier, 4> tiers_;
};

}  // namespace tokengate::io
