// Surveys: every core writes down, on its own thread, what its fibers do. For the list of fibers and for deadlocks.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <tokengate/core/waiter.h>
#include <tokengate/lanes/fiber_status.h>

namespace tokengate::lanes {

class runtime;

struct seen_token {
  std::uint64_t id;
  std::uint32_t operation;
};

struct seen_fiber {
  fiber_state state;
  detail::wait_kind kind;  ///< what it waits for, if it is suspended
  bool timed, shielded;
  std::uint64_t serial;  ///< of its wait: differs between the waits of one core
  std::uint32_t first_token, tokens, first_awaited, awaited;
};

/// A queued token, and the one that has their exclusive anchor.
struct seen_in_strand {
  seen_token token;
  std::uint64_t holder;
};

/// The fibers of one core at one instant; ids of tokens are in vectors of their own, so that many cost few allocations.
struct core_view {
  bool answered = false;
  std::vector<seen_fiber> fibers;
  std::vector<seen_token> tokens;      ///< of each fiber, innermost first
  std::vector<std::uint64_t> awaited;  ///< tokens, or the owner of the lock
  std::vector<seen_in_strand> in_strands;
  std::chrono::nanoseconds took{0};  ///< of the core's time

  [[nodiscard]] std::span<const seen_token> tokens_of(const seen_fiber& fiber) const noexcept {
    return std::span(tokens).subspan(fiber.first_token, fiber.tokens);
  }
  [[nodiscard]] std::span<const std::uint64_t> awaited_by(const seen_fiber& fiber) const noexcept {
    return std::span(awaited).subspan(fiber.first_awaited, fiber.awaited);
  }
};

/// The wait of this token with this serial ends by deadlock_detected with this text.
struct verdict {
  std::uint64_t token, serial;
  std::unique_ptr<std::string> text;
};

/// Asks through a mode of the cores (modes.h): a core answers the next time that it polls, and is woken for it.
class surveyor {
 public:
  explicit surveyor(runtime& of);

  /// One at a time. Blocks until all cores have answered, or for `patience`; no fiber may call it. Views of cores that
  /// did not answer are empty.
  [[nodiscard]] std::vector<core_view> take(std::chrono::nanoseconds patience);

  /// Sentences a token of a core. If its wait has ended by the time the core sees it, nothing happens.
  void sentence(unsigned core, verdict what);

  /// Asks a core for a sign of life, which answers() counts.
  void ask(unsigned core) noexcept;
  [[nodiscard]] std::uint64_t answers(unsigned core) const noexcept {
    return desks_[core].answers.load(std::memory_order_relaxed);
  }

  /// From now on take() gives empty views at once. Any thread.
  void close() noexcept;

  // On the core's own thread -----------------------------------------------------------------------------------------
  /// Hands out its verdicts. The number of the survey that wants the core's view, or 0.
  [[nodiscard]] std::uint64_t begin_answer(unsigned core, std::vector<verdict>& verdicts) noexcept;
  /// A view that was begun for an earlier survey is dropped.
  void hand_in(unsigned core, std::uint64_t number, core_view view) noexcept;

 private:
  struct desk {
    std::atomic<std::uint64_t> answers{0};  // relaxed: a sign of life and nothing else
    std::uint64_t wanted = 0;               // by which survey, if any; this and the rest are guarded by mutex_
    core_view view;
    std::vector<verdict> verdicts;
  };

  runtime& runtime_;
  std::mutex one_at_a_time_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::uint64_t number_ = 0;
  std::size_t missing_ = 0;
  std::vector<desk> desks_;
};

/// In words, for fiber_status; the string lives for ever.
[[nodiscard]] std::string_view to_string(detail::wait_kind kind) noexcept;

}  // namespace tokengate::lanes
