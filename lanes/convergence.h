// Convergence: how many workers of a core may be busy. The rule, what it goes by, and what can be read back.
//
// A busy worker has a started token that does not wait. Tokens that compute and yield() take turns on their core, so
// more busy workers let queued tokens begin sooner, and fewer let those that have begun end sooner. Tokens that never
// yield are not touched: of them one is busy at a time, whatever the limit. Nor are those that wait: they do not count.
//
// The rule, per core and window (options::converge_every):
//   A token *waits long* if one waits longer than options::converge_wait, by the largest of
//     the 95th percentile of the waits that ended in this window (of the tokens whose times are taken),
//     queued tokens * length / tokens that left the queues: how long the last one will wait at this speed,
//     how long nothing has left the queues (or nothing has ended) although tokens were there.
//   1. Tokens wait long, the limit kept some back, and the core was busy for half of the window: a vote for more.
//   2. Tokens do not wait long, and the limit was not reached: a vote for fewer (unless the core was inside of one
//   token
//      for most of the window, and could not have seen it).
//   3. Anything else: no vote.
//   2 votes for more, without a window between them in which nobody waits long: half as many workers again, up to
//   max_workers. 4 votes for fewer in succession: one less, down to min_workers.
// More pressure never means fewer workers, and what is remembered ends with the pressure: the votes, and for how long
// nothing has moved.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tokengate {

/// What one core did between two looks at its counters. Counts are differences; they may miss what was going on then.
struct convergence_window {
  std::chrono::nanoseconds length{0};
  std::size_t queued_before = 0, queued = 0;  ///< tokens from outside in its queues at the beginning, and at the end
  std::uint64_t begun = 0;                    ///< tokens from outside that left its queues, also to other cores
  std::uint64_t ended = 0;                    ///< tokens of any kind that ended on it
  std::uint64_t measured = 0;                 ///< waits that ended on it and whose times were taken
  std::chrono::nanoseconds queue_wait{0};     ///< 95th percentile of those
  double utilisation = 0;                     ///< share of the window, 0 to 1, in which it neither slept nor searched
  bool full = false;                          ///< at times as many workers were busy as may be
  bool held_back = false;                     ///< and then tokens were queued that it could have begun
};

/// What the rule makes of a window.
enum class convergence_verdict : std::uint8_t {
  spare,      ///< a vote for fewer: none waits long, and at no time were all workers busy
  in_use,     ///< none waits long; all workers were busy at times, or one of them with one token all the time
  elsewhere,  ///< tokens wait long, but no further worker would have begun one: what they lack is the processor
  brief,      ///< tokens wait long, but the core was busy for less than half of the window
  too_few     ///< a vote for more: tokens wait long for a worker
};

/// In words; lives for ever.
[[nodiscard]] std::string_view to_string(convergence_verdict verdict) noexcept;

struct convergence_change {
  std::chrono::nanoseconds at{0};  ///< since the start of the coordinator; by the clock of a simulation
  unsigned from = 0, to = 0;       ///< workers
  convergence_verdict why = convergence_verdict::in_use;  ///< the vote that decided
};

/// Of one core.
struct convergence_status {
  static constexpr std::size_t changes_kept = 16;

  unsigned core = 0;
  unsigned workers = 0;                       ///< that may be busy now
  unsigned min_workers = 0, max_workers = 0;  ///< the bounds of that
  std::uint64_t windows = 0;                  ///< so far; 0: the rest but `workers` says nothing yet
  convergence_window last;                    ///< what the last one was
  std::chrono::nanoseconds waits{0};          ///< the largest of the three waits that the rule knows, in the last one
  convergence_verdict verdict = convergence_verdict::in_use;  ///< on it
  std::uint64_t changes = 0;                                  ///< so far
  std::vector<convergence_change> last_changes;               ///< newest first, changes_kept at most
};

namespace lanes {

/// The rule for one core. A plain value: no clock, no threads, no memory but the votes.
class convergence_rule {
 public:
  static constexpr unsigned votes_for_more = 2, votes_for_fewer = 4;
  static constexpr double busy = 0.5;

  struct bounds {
    unsigned min, start, max;  ///< workers; min <= start <= max
    std::chrono::nanoseconds long_wait;
  };

  explicit convergence_rule(const bounds& within) noexcept : within_(within), workers_(within.start) {}

  /// Judges a window that follows the last one, and returns how many workers may be busy from now on.
  unsigned look(const convergence_window& window) noexcept;

  [[nodiscard]] unsigned workers() const noexcept { return workers_; }
  [[nodiscard]] convergence_verdict verdict() const noexcept { return verdict_; }
  [[nodiscard]] std::chrono::nanoseconds waits() const noexcept { return waits_; }
  [[nodiscard]] const bounds& within() const noexcept { return within_; }

 private:
  [[nodiscard]] std::chrono::nanoseconds longest_wait(const convergence_window& window) noexcept;

  bounds within_;
  unsigned workers_;
  unsigned for_more_ = 0, for_fewer_ = 0;   // votes that count
  std::chrono::nanoseconds stands_for_{0};  // how long nothing has moved although tokens were queued
  std::chrono::nanoseconds waits_{0};       // in the last window
  convergence_verdict verdict_ = convergence_verdict::in_use;
};

}  // namespace lanes
}  // namespace tokengate
