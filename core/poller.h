// What a core asks for outside events, so that core/ and lanes/ need not know who brings them.
#pragma once

#include <chrono>

namespace tokengate {

/// A source of completions that one core polls between tokens and sleeps in when it has nothing to do.
///
/// All members but interrupt() are called by the core's own thread only, from its scheduler: they must not suspend a
/// fiber. Completions are delivered by waking waiters (waiter::wake).
class poller {
 public:
  using deadline = std::chrono::steady_clock::time_point;

  virtual ~poller() = default;

  /// Delivers what has completed, without blocking. Returns how many completions were delivered.
  virtual unsigned poll() noexcept = 0;

  /// True while operations are in flight, that is while poll() can still deliver something.
  [[nodiscard]] virtual bool pending() const noexcept = 0;

  /// Blocks the thread until something completed, interrupt() was called or the deadline passed (time_point::max() =
  /// none). May return early for no reason. An interrupt() that came before sleep() makes the next sleep() return at
  /// once.
  virtual void sleep(deadline until) noexcept = 0;

  /// Ends the present or the next sleep(). Any thread.
  virtual void interrupt() noexcept = 0;
};

}  // namespace tokengate
