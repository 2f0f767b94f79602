// The Boost.Fiber algorithm of a core: which fiber runs next.
#pragma once

#include <atomic>
#include <chrono>

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/scheduler.hpp>

#include <tokengate/core/waiter.h>

namespace tokengate::lanes {

class core;

/// Ready fibers run first in, first out; when none is ready a worker is taken that can drain the core's queues; only
/// when there is nothing to drain either the thread idles. Boost's dispatcher fiber is kept out of the rotation: it is
/// resumed for idling, for making workers and for freeing ended ones.
///
/// Fibers that other threads make ready come through a list of their own (a Treiber stack of waiters that the owner
/// empties at once), not through Boost's spin-locked one.
class fiber_scheduler : public boost::fibers::algo::algorithm {
 public:
  using context = boost::fibers::context;

  explicit fiber_scheduler(core& owner) noexcept : core_(owner) {}

  void awakened(context* fiber) noexcept final;
  context* pick_next() noexcept override;
  bool has_ready_fibers() const noexcept final { return !ready_.empty(); }
  void suspend_until(const std::chrono::steady_clock::time_point&) noexcept override;
  void notify() noexcept override {}  // Boost's own wake-ups are not used

  /// Any thread: the waiter's fiber may go on. The caller then wakes the core if it sleeps.
  void ready_from_outside(detail::waiter& party) noexcept {
    party.next = outside_.load(std::memory_order_relaxed);
    // Release: the waiter's link and decision come with the pointer that take_outside() acquires.
    while (!outside_.compare_exchange_weak(party.next, &party, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }

  /// Makes ready what other threads handed over. Owner only.
  void take_outside() noexcept;
  [[nodiscard]] bool outside_pending() const noexcept { return outside_.load(std::memory_order_relaxed) != nullptr; }

  /// Switches from the running fiber, `self`, to the next one; returns when it is resumed, or at once if it is the next
  /// one. The caller knows who runs: context::active() is a call that looks for the thread's scheduler first.
  void switch_away(context& self) noexcept {
    context* const next = pick_next();
    // Another thread, or new work, may have made this very fiber the next one before it left.
    if (next != &self) next->resume();
  }

  /// The running fiber goes behind all that are ready; there must be one.
  void yield(context& self) noexcept {
    self.ready_link(ready_);
    switch_away(self);
  }
  /// Takes the first ready fiber out, or null.
  context* next_ready() noexcept;

  /// A worker ended; its stack is freed when the dispatcher runs next.
  void worker_ended() noexcept { ++ended_; }

 private:
  core& core_;
  boost::fibers::scheduler::ready_queue_type ready_;
  context* dispatcher_ = nullptr;  // while it is not running
  unsigned ended_ = 0;
  unsigned picks_ = 0;
  alignas(64) std::atomic<detail::waiter*> outside_{nullptr};
};

/// Boost.Fiber ends a thread's scheduler together with the thread's thread-locals, and waits for its fibers then. But
/// std::exit() in a token ends them, too, on that token's fiber, which would so wait for itself. While this lives they
/// leave the scheduler alone. To be made and destroyed by the thread, which has a scheduler.
class scheduler_kept {
 public:
  scheduler_kept() noexcept;
  scheduler_kept(const scheduler_kept&) = delete;
  scheduler_kept& operator=(const scheduler_kept&) = delete;
  ~scheduler_kept();
};

}  // namespace tokengate::lanes
