// What a core counts. One writer, the core itself; anybody may read.
#pragma once

#include <atomic>
#include <cstdint>

#include <tokengate/core/histogram.h>
#include <tokengate/core/token_state.h>

namespace tokengate::lanes {

/// Of one operation on one core: a cache line, and 4 KB for each kind of time that was ever taken.
struct alignas(64) operation_counters {
  std::atomic<std::uint64_t> tokens{0};    ///< ended, however; stored with release, see runtime::quiescent()
  std::atomic<std::uint64_t> failures{0};  ///< of those, by an exception of the operation
  std::atomic<std::uint64_t> killed{0};    ///< of those, killed
  std::atomic<std::uint64_t> timeouts{0};  ///< of those, because their deadline had passed
  std::atomic<std::uint64_t> storage_waits{0};
  detail::lazy_histogram queue_wait, run_time, storage_wait;  ///< ticks; of the tokens whose times are taken

  /// The core only: one more has ended. Release, with acquire in statistics() and runtime::quiescent(): who has seen it
  /// counted sees what it did.
  void count(token_state end) noexcept {
    if (end != token_state::completed) [[unlikely]]
      detail::add_release(end == token_state::failed ? failures : end == token_state::timeout ? timeouts : killed);
    detail::add_release(tokens);
  }
};

/// Of one core.
struct core_counters {
  std::atomic<std::uint64_t> spawned{0};         ///< children and other tokens made by tokens of this core
  std::atomic<std::uint64_t> stolen{0};          ///< tokens this core took from others
  std::atomic<std::uint64_t> ran_inline{0};      ///< run by the one that waited for them
  std::atomic<std::uint64_t> inline_refused{0};  ///< had to be waited for, because stack or permit did not allow it
  std::atomic<std::uint64_t> suspensions{0};
  std::atomic<std::uint64_t> cancelled_waits{0};    ///< waits of tokens that were ended because the token was to stop
  std::atomic<std::uint64_t> held_back{0};          ///< admitted tokens that a pause kept from being begun
  std::atomic<std::uint64_t> for_other_domains{0};  ///< tokens that ended here and belong to a domain of another core
  std::atomic<std::uint64_t> in_strand{0};          ///< tokens that had to wait for their turn in a strand
  std::atomic<std::uint64_t> workers_made{0};
  std::atomic<std::uint64_t> sleeps{0};
  // For convergence.
  std::atomic<std::uint64_t> idle{0};             ///< ticks that it slept or searched; searches of some 2 us are not in
  std::atomic<std::uint64_t> idle_since{0};       ///< ticks; 0: it is not idle, or has not been for long
  std::atomic<std::uint64_t> full{0};             ///< windows in which as many workers were busy as may be
  std::atomic<std::uint64_t> full_with_queue{0};  ///< of those, with tokens queued when that was first seen
};

}  // namespace tokengate::lanes
