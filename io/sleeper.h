// How a core sleeps such that no wake-up is ever lost.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tokengate::io {

/// One word that says where its owner sleeps. Only interrupt() may be called by other threads.
class sleeper {
 public:
  using deadline = std::chrono::steady_clock::time_point;
  enum class place : std::uint32_t { awake, interrupted, in_futex, in_ring };

  /// The owner is about to sleep there. False: it was interrupted since it last woke; it must not sleep.
  [[nodiscard]] bool enter(place where) noexcept;

  /// The owner is awake again; interruptions up to now have had their effect.
  void leave() noexcept;

  /// enter(in_futex), sleep until interrupted or the deadline, leave(). May end early for no reason.
  void sleep(deadline until) noexcept;

  /// Ends the present sleep, or the next one before it begins. Returns where the owner was: if in_ring, the caller must
  /// wake it there. One exchange while the owner is awake.
  place interrupt() noexcept;

 private:
  // Every change is an exchange or compare-exchange: what an interrupter wrote before interrupt() (release) is visible
  // to the owner after enter() or leave() (acquire), even where several interruptions fold into one.
  std::atomic<std::uint32_t> word_{static_cast<std::uint32_t>(place::awake)};
};

}  // namespace tokengate::io
