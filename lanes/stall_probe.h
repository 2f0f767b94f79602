// Asks a core that does not look up what it is doing: by a signal to its thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <pthread.h>

namespace tokengate::lanes {

class core;

/// What the signal's handler found on the core's own thread.
class stall_probe {
 public:
  static constexpr int most_frames = 48;

  enum class wanted : bool { token, token_and_frames };

  /// Interrupts the core's thread and waits for its answer, up to `patience`. False: no answer. One call at a time; the
  /// probe must live until the thread has ended, for it may still answer later.
  [[nodiscard]] bool take(const core& subject, pthread_t thread, std::chrono::nanoseconds patience,
                          wanted what) noexcept;

  // After take() returned true:
  // ----------------------------------------------------------------------------------------
  [[nodiscard]] std::uint64_t token() const noexcept { return token_; }  ///< 0: none runs
  [[nodiscard]] std::uint32_t operation() const noexcept { return operation_; }
  /// Innermost first; of a thread that was just in the unwinder of exceptions only the place there.
  [[nodiscard]] std::span<void* const> frames() const noexcept {
    return {frames_ + first_frame_, static_cast<std::size_t>(frame_count_ - first_frame_)};
  }

  /// Where the handler runs on the thread that made it, for fibers' stacks may have little left.
  class stack;

 private:
  enum state : int { unused, asked, asked_for_frames, answering, answered };

  friend struct stall_signal;
  void answer(const void* interrupted) noexcept;
  void note_frames(const void* interrupted) noexcept;

  // asked, either: release by take(). answered: release by the handler, acquire by take(). In between all is the
  // handler's.
  std::atomic<int> state_{unused};
  const core* subject_ = nullptr;
  std::uint64_t token_ = 0;
  std::uint32_t operation_ = 0;
  int frame_count_ = 0, first_frame_ = 0;  ///< the first ones are the handler's own
  void* frames_[most_frames] = {};
};

class stall_probe::stack {
 public:
  /// Without memory the handler runs on whatever stack there is.
  stack() noexcept;
  stack(const stack&) = delete;
  stack& operator=(const stack&) = delete;
  ~stack();

 private:
  static constexpr std::size_t size = std::size_t{64} << 10;
  void* memory_;
};

}  // namespace tokengate::lanes
