#include <cstddef>
#include <utility>

#include <tokengate/lanes/core.h>
#include <tokengate/lanes/fiber_scheduler.h>

namespace tokengate::lanes {

// How many want Boost's scheduler of this thread: boost::fibers::context_initializer::counter_, of context.cpp, which
// no header declares. The last one ends it. `__thread`: there is no constructor to call first.
extern __thread std::size_t users_of_scheduler __asm__("_ZN5boost6fibers19context_initializer8counter_E");

void fiber_scheduler::awakened(context* fiber) noexcept {
  if (fiber->is_context(boost::fibers::type::dispatcher_context))
    dispatcher_ = fiber;
  else
    fiber->ready_link(ready_);
}

void fiber_scheduler::take_outside() noexcept {
  if (!outside_pending()) return;
  // Acquire: pairs with ready_from_outside().
  detail::waiter* newest = outside_.exchange(nullptr, std::memory_order_acquire);
  detail::waiter* oldest = nullptr;
  while (newest != nullptr) newest = std::exchange(newest->next, std::exchange(oldest, newest));
  while (oldest != nullptr) {
    detail::waiter* const next = oldest->next;  // read first: once its fiber runs the waiter is gone
    awakened(static_cast<context*>(oldest->fiber));
    oldest = next;
  }
}

fiber_scheduler::context* fiber_scheduler::next_ready() noexcept {
  if (ready_.empty()) return nullptr;
  context* const next = &ready_.front();
  ready_.pop_front();
  return next;
}

fiber_scheduler::context* fiber_scheduler::pick_next() noexcept {
  constexpr unsigned ended_before_release = 64;
  if (ended_ >= ended_before_release && dispatcher_ != nullptr) {
    ended_ = 0;
    return std::exchange(dispatcher_, nullptr);
  }
  // Fibers that wake each other without end must not keep completions and timers from being seen.
  constexpr unsigned picks_between_polls = 64;
  if (++picks_ % picks_between_polls == 0) core_.poll();
  take_outside();
  if (context* const next = next_ready()) return next;
  if (context* const worker = core_.idle_worker_for_work()) return worker;
  return std::exchange(dispatcher_, nullptr);
}

void fiber_scheduler::suspend_until(const std::chrono::steady_clock::time_point&) noexcept { core_.idle(); }

scheduler_kept::scheduler_kept() noexcept { ++users_of_scheduler; }
scheduler_kept::~scheduler_kept() { --users_of_scheduler; }

}  // namespace tokengate::lanes
