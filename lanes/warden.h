// The maintenance of a running coordinator: one thread that looks after what no core should have to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include <tokengate/lanes/debugger.h>
#include <tokengate/lanes/fiber_status.h>
#include <tokengate/lanes/held_time.h>
#include <tokengate/lanes/stall_probe.h>
#include <tokengate/lanes/survey.h>
#include <tokengate/lanes/wait_graph.h>

namespace tokengate::lanes {

/// Wakes four times a second while the cores' counters move, else twice, and then
///   has cores give back what they do not need any more, and gives idle node memory back to the system,
///   looks whether a core is stuck in one token (options::stall_after),
///   adapts how many workers of each core may be busy (options::converge_every, convergence.h),
///   looks for cycles of waits, if any wait began since it last found none (options::watch_every).
/// Tokens pay nothing for it: what it reads is counted anyway.
class warden {
 public:
  explicit warden(runtime& of);
  warden(const warden&) = delete;
  warden& operator=(const warden&) = delete;
  ~warden();

  /// Once, when the cores run; their threads, by core. Throws std::system_error.
  void start(std::vector<pthread_t> threads);
  /// Before the cores' threads end. From now on surveys are empty. Does nothing the second time.
  void stop() noexcept;

  [[nodiscard]] surveyor& survey() noexcept { return survey_; }

  /// Any thread but the cores'; see coordinator.h.
  [[nodiscard]] std::vector<fiber_status> fibers(std::chrono::nanoseconds patience);
  std::vector<std::string> break_deadlocks();

 private:
  using clock = std::chrono::steady_clock;

  /// What is known of a core that does not seem to get on.
  struct watched {
    std::uint64_t progress = 0;   ///< sum of its counters
    std::uint64_t tidied_at = 0;  ///< tokens it had ended when it was asked to tidy up
    held_time held;               ///< since it was asked for a sign of life
    bool asked = false, reported = false;
    stall_probe probe;
    clock::time_point next_probe{};          ///< if the last one was not answered
    std::chrono::nanoseconds unanswered{0};  ///< how long that one waits; 0: none was sent, or all were answered
  };

  void run() noexcept;
  bool look_around(clock::time_point now) noexcept;
  void have_tidied(unsigned core) noexcept;
  void look_at(unsigned core, bool moved, clock::time_point now) noexcept;
  void look_for_deadlocks(clock::time_point now) noexcept;
  [[nodiscard]] std::uint64_t progress_of(unsigned core) const noexcept;
  [[nodiscard]] std::uint64_t suspensions() const noexcept;

  runtime& runtime_;
  const debugger_listing listed_;
  surveyor survey_;
  std::vector<pthread_t> threads_;
  clock::time_point next_tidying_;     // the warden's thread only, as are the next two
  bool released_ = false;              // memory, the last time
  std::chrono::nanoseconds pause_{0};  // planned, between the look before and this one
  std::unique_ptr<watched[]> watched_;

  std::mutex deadlocks_;  // what follows, and the look itself
  std::uint64_t looked_at_ = 0;
  clock::time_point next_look_;

  std::mutex probes_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace tokengate::lanes
