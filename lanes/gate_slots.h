// How many tokens may wait for admission, all lanes together.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace tokengate::lanes {

/// Counts the places at the gate; threads that find none wait here. Touched only when a mailbox is full.
class alignas(64) gate_slots {
 public:
  explicit gate_slots(std::size_t count) : free_(static_cast<std::int64_t>(count)) {}

  /// Any thread. With `on_credit` always true: a token that was made by a token is never refused.
  bool take(bool on_credit) noexcept {
    // Relaxed: only the number counts, what is at the gate is guarded by the gate's own lock.
    if (free_.fetch_sub(1, std::memory_order_relaxed) > 0 || on_credit) return true;
    free_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  /// None is free now.
  [[nodiscard]] bool all_taken() const noexcept { return free_.load(std::memory_order_relaxed) <= 0; }

  /// As many tokens left the gate.
  void give(std::size_t count) noexcept {
    free_.fetch_add(static_cast<std::int64_t>(count), std::memory_order_relaxed);
    // A thread that is just about to wait may be missed: it looks again soon by itself.
    if (waiting_.load(std::memory_order_relaxed) != 0) changed_.notify_all();
  }

  /// Blocks a thread until it is worth another try: a place has become free, or its mailbox may have room although the
  /// places are still taken by tokens of other lanes, or close() was called.
  void wait_for_one() {
    constexpr std::chrono::milliseconds until_next_try{1};
    std::unique_lock lock(mutex_);
    waiting_.fetch_add(1, std::memory_order_relaxed);
    if (free_.load(std::memory_order_relaxed) <= 0 && !closed_) changed_.wait_for(lock, until_next_try);
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }

  /// Releases every thread that waits now or later. For good.
  void close() noexcept {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::atomic<std::int64_t> free_;  // below 0: taken on credit
  std::atomic<int> waiting_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
};

}  // namespace tokengate::lanes
