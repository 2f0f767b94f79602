// What the cores of one running coordinator share.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/io/storage_tiers.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/gate_slots.h>
#include <tokengate/lanes/options.h>

namespace tokengate::lanes {

/// From start() to the end of stop(). The coordinator makes a new one for every start.
class runtime {
 public:
  explicit runtime(const options& wanted, unsigned core_count);
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime();

  /// From a thread that is none of the cores. May block it while the gate is full; throws coordinator_stopped, then the
  /// node is still the caller's.
  void submit(detail::node& token);

  /// Sends an anchored token that was made by a token to the core of its anchor; never refused.
  void spawn_anchored(detail::node& child) noexcept;

  /// Called after new work was made visible that any core may take: sees to it that a core that sleeps takes it, unless
  /// one is just looking for work anyway.
  void work_appeared() noexcept {
    detail::light_fence();  // pairs with the heavy fence of a core that goes to sleep
    if (sleeping.load(std::memory_order_relaxed) != 0 && !somebody_searches()) wake_one();
  }
  void wake_one() noexcept;
  void wake_all() noexcept;

  /// No token is under way. Certain only once nothing comes from outside any more.
  [[nodiscard]] bool quiescent() const noexcept;

  /// One thread a core, pinned to `processors` if there are enough of them.
  void start_threads(const std::vector<unsigned>& processors);
  /// Takes no more tokens from outside, waits until the others have ended or `drain_until` has passed, then kills what
  /// is left and waits for that. Returns how many were killed.
  std::uint64_t stop(std::chrono::steady_clock::time_point drain_until);

  const options settings;
  gate_slots slots;
  io::storage_tiers tiers;
  std::vector<std::unique_ptr<core>> cores;

  // Counted by cores on their way to sleep and back, read by whoever makes work; see work_appeared() and core::idle().
  alignas(64) std::atomic<int> sleeping{0};
  std::atomic<int> searching{0};
  // Set once, in this order. Release by stop(), acquire (or after a fence) by the readers.
  alignas(64) std::atomic<bool> closed{false};  // nothing from outside any more
  std::atomic<bool> cancelling{false};          // queued tokens are killed, suspended ones unwound
  std::atomic<bool> finished{false};            // workers and cores end

 private:
  /// True if a core that searches is sure to see what the caller has made visible.
  bool somebody_searches() noexcept {
    if (searching.load(std::memory_order_relaxed) == 0) return false;
    // The core may be about to stop searching. Full fences on both sides, between what we queued and this look, and
    // between its decrement and its last look around (core::search): it sees the work, or we see it gone.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return searching.load(std::memory_order_relaxed) != 0;
  }
  core& route(const detail::node& token) noexcept;
  core& bind(detail::node& token) noexcept;
  void pin(const std::vector<unsigned>& processors) noexcept;
  void sweep() noexcept;
  void end_threads() noexcept;

  std::atomic<bool> swept_{false};  // the cores have ended and their lanes were emptied; see submit()
  std::vector<std::thread> threads_;
};

}  // namespace tokengate::lanes
