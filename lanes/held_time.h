// For how long a core has been held by what it runs: not the time in which the system did not let its thread run.
#pragma once

#include <chrono>

#include <pthread.h>
#include <sys/types.h>

namespace tokengate::lanes {

/// What the system says of a thread.
struct thread_times {
  std::chrono::nanoseconds cpu{0};     ///< on a processor, so far
  std::chrono::nanoseconds queued{0};  ///< runnable but not on a processor, so far; without a wait that still lasts
  char state = 0;                      ///< as in proc(5): R runs or is runnable, S and D blocked, T stopped; 0: unknown

  /// Of a thread of this process that has not been joined. Reads files below /proc; what is not to be had is 0.
  static thread_times of(pthread_t thread, pid_t id) noexcept;
};

/// Adds up, look by look, while the core makes no progress. A thread that is blocked in the kernel holds its core as
/// one that computes does; one that waits for a processor, or is stopped, does not. Of the time between two looks no
/// more counts than was planned: if it was longer, the one who looks was kept from it, by a machine that is overloaded,
/// was paused, or set its clock, and the core may have been as well.
class held_time {
 public:
  using clock = std::chrono::steady_clock;

  /// The first look.
  void begin(clock::time_point now, const thread_times& times) noexcept;
  /// The next one, `planned` after the one before.
  void add(clock::time_point now, std::chrono::nanoseconds planned, const thread_times& times) noexcept;

  [[nodiscard]] std::chrono::nanoseconds total() const noexcept { return total_; }

 private:
  clock::time_point last_;
  thread_times before_;
  std::chrono::nanoseconds total_{0};
};

}  // namespace tokengate::lanes
