// How many tokens may wait for admission, all lanes together.
#pragma once

#include <atomic>
#include <cstddef>
#include <semaphore>

namespace tokengate::lanes {

/// Counts the places at the gate; threads that find none wait here. Touched only when a mailbox is full.
class gate_slots {
 public:
  explicit gate_slots(std::size_t count) : free_(static_cast<std::ptrdiff_t>(count)) {}

  /// Any thread; never blocks.
  bool try_take() noexcept { return free_.try_acquire(); }
  /// As many tokens left the gate.
  void give(std::size_t count) noexcept { free_.release(static_cast<std::ptrdiff_t>(count)); }

  /// Blocks a thread until a place has become free (it may be gone again by the time the thread looks) or close().
  void wait_for_one() noexcept {
    blocked_.fetch_add(1, std::memory_order_seq_cst);
    if (!closed_.load(std::memory_order_seq_cst)) {
      free_.acquire();
      free_.release();
    }
    blocked_.fetch_sub(1, std::memory_order_relaxed);
  }

  /// Releases every thread that waits now or later. For good.
  void close() noexcept {
    // Store, then read blocked_; wait_for_one() counts itself, then reads closed_: with sequential consistency one of
    // the two sees the other. Places given beyond the limit do not matter any more.
    closed_.store(true, std::memory_order_seq_cst);
    if (blocked_.load(std::memory_order_seq_cst) != 0) free_.release(1);  // each released one passes it on
  }

 private:
  std::counting_semaphore<> free_;
  std::atomic<int> blocked_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace tokengate::lanes
