// The time stamps that every token takes: the processor's time stamp counter where it can be trusted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tokengate::detail {

/// What ticks() counts. Undecided until the first call anywhere in the process decides, once and for good.
enum class tick_source : std::uint8_t { undecided, counter, steady_clock };

// Written once, by whoever comes first; everybody computes the same answer, so relaxed order suffices: a thread that
// still reads `undecided` only decides again. Constant initialised, so that ticks() may be called before main().
alignas(64) inline constinit std::atomic<tick_source> decided_tick_source{tick_source::undecided};

/// Decides what ticks() counts and returns a first stamp. Off the hot path; any thread.
std::uint64_t first_ticks() noexcept;

/// A time stamp in ticks of an unknown but constant length. Never goes backwards within a thread; stamps of two cores
/// may be some ticks apart the wrong way round, which to_nanoseconds() bears. Neither blocks nor enters the kernel;
/// any thread, any fiber. Costs one predicted branch beside the rdtsc (about 9 ns) or clock_gettime (about 22 ns).
[[nodiscard]] inline std::uint64_t ticks() noexcept {
  const tick_source source = decided_tick_source.load(std::memory_order_relaxed);
#if defined(__x86_64__)
  if (source == tick_source::counter) [[likely]]
    return __builtin_ia32_rdtsc();  // <x86intrin.h> takes a quarter of a second to read
#endif
  if (source == tick_source::undecided) [[unlikely]]
    return first_ticks();
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1});
}

/// How fast ticks() counts, measured once against CLOCK_MONOTONIC to about 0.01 %. The first call in the process holds
/// its thread for up to 5 ms, all others take a few nanoseconds. Any thread.
[[nodiscard]] double ticks_per_nanosecond() noexcept;

/// The length of time between two stamps: to_nanoseconds(later - earlier). A difference that wrapped because the stamps
/// stood the wrong way round gives a negative duration. Same cost as ticks_per_nanosecond().
[[nodiscard]] std::chrono::nanoseconds to_nanoseconds(std::uint64_t ticks) noexcept;

}  // namespace tokengate::detail
