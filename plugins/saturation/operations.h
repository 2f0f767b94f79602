// Tokens that sleep, and tokens that compute.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <tokengate/core/registry.h>
#include <tokengate/tokengate.h>

namespace tokengate::saturation {

/// How many tokens are inside at once. Relaxed throughout: the numbers are all that is passed on, and their tokens have
/// ended when they are read.
class crowd {
 public:
  void enter() noexcept;
  void leave() noexcept { inside_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t most() const noexcept { return most_.load(std::memory_order_relaxed); }
  /// Nobody must be inside.
  void reset() noexcept { most_.store(0, std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> inside_{0};
  std::atomic<std::uint64_t> most_{0};
};

struct stay {
  std::uint64_t value;  ///< nanoseconds slept, or the result of the computation
  std::chrono::nanoseconds ran;
  std::chrono::steady_clock::time_point ended;
};

/// The crowd must outlive the token.
[[nodiscard]] stay sleep_in(crowd* all, std::chrono::nanoseconds length);

/// Counts the primes below `end` by trial division: some milliseconds for computed_end.
[[nodiscard]] stay compute_in(crowd* all, std::uint32_t end);
inline constexpr std::uint32_t computed_end = 50'000;
inline constexpr std::uint64_t computed_primes = 5'133;

TOKENGATE_INSTANCE(light_sleeper, sleep_in, weight::light)
TOKENGATE_INSTANCE(heavy_sleeper, sleep_in, weight::heavy)
TOKENGATE_INSTANCE(computing, compute_in, weight::medium)

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::saturation
