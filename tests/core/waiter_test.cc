#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <tokengate/core/host.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {
namespace {

using namespace std::chrono_literals;
using clock = waiter::clock;

clock::time_point soon() { return clock::now() + 20ms; }

TEST(waiter, returns_at_once_when_the_event_came_first) {
  waiter party;
  party.notify();
  EXPECT_EQ(party.wait(), wake_reason::notified);
  waiter timed;
  timed.notify();
  EXPECT_EQ(timed.wait_until(clock::now() - 1s), wake_reason::notified) << "an event in hand beats a deadline";
}

TEST(waiter, gives_up_at_its_deadline_not_before) {
  const auto deadline = soon();
  waiter party;
  EXPECT_EQ(party.wait_until(deadline), wake_reason::timed_out);
  EXPECT_GE(clock::now(), deadline);
}

TEST(waiter, a_deadline_that_has_passed_ends_the_wait) {
  waiter party;
  EXPECT_EQ(party.wait_until(clock::now() - 1s), wake_reason::timed_out);
  waiter ancient;
  EXPECT_EQ(ancient.wait_until(clock::time_point::min()), wake_reason::timed_out);
}

TEST(waiter, several_events_may_come_in_one_call) {
  waiter party(5);
  party.notify(2);
  party.notify();
  party.notify(2);
  EXPECT_EQ(party.wait(), wake_reason::notified);
}

TEST(waiter, is_not_woken_before_the_last_event) {
  waiter party(3);
  party.notify(2);
  EXPECT_EQ(party.wait_until(soon()), wake_reason::timed_out);
  party.settle(2);
}

TEST(waiter, the_farthest_deadline_is_none) {
  waiter party;
  std::jthread notifier([&] { party.notify(); });
  EXPECT_EQ(party.wait_until(clock::time_point::max()), wake_reason::notified);
}

TEST(waiter, an_event_after_the_deadline_does_not_change_how_the_wait_ended) {
  waiter party;
  EXPECT_EQ(party.wait_until(clock::now()), wake_reason::timed_out);
  party.notify();
  party.settle(1);
  EXPECT_FALSE(party.decide(wake_reason::cancelled)) << "a wait is decided once";
}

TEST(waiter, with_any_the_first_of_several_events_ends_the_wait) {
  waiter party(3, waiter::mode::any);
  party.notify();
  EXPECT_EQ(party.wait(), wake_reason::notified);
  party.notify();
  party.settle(2);
  waiter late(2, waiter::mode::any);
  EXPECT_EQ(late.wait_until(clock::now()), wake_reason::timed_out);
  late.notify();
  late.settle(1);
  waiter untouched(2, waiter::mode::any);
  EXPECT_EQ(untouched.wait_until(clock::now()), wake_reason::timed_out);
  untouched.settle(0);
}

/// A core whose fibers are all one thread: suspending blocks it until ready() was called.
class blocking_host final : public host {
 public:
  blocking_host() { make_current(this); }
  ~blocking_host() override { make_current(nullptr); }

  void prepare(waiter& party) noexcept override {
    ++prepared;
    party.fiber = this;
  }
  void suspend(waiter& party) noexcept override {
    EXPECT_EQ(party.fiber, this);
    suspended.store(true, std::memory_order_release);
    suspended.notify_all();
    made_ready.wait(0, std::memory_order_acquire);
  }
  void suspend_until(waiter& party) noexcept override {
    if (party.decide(wake_reason::timed_out)) return;
    made_ready.wait(0, std::memory_order_acquire);
  }
  void ready(waiter& party) noexcept override {
    EXPECT_EQ(party.fiber, this);
    made_ready.fetch_add(1, std::memory_order_release);
    made_ready.notify_all();
  }
  void yield() noexcept override {}
  void spawn(node&, std::uint64_t) override {}
  bool run_inline(node&) noexcept override { return false; }
  void give_back() noexcept override {}
  void retake() noexcept override {}
  bool cancelling() const noexcept override { return false; }
  unsigned index() const noexcept override { return 0; }
  poller& events() noexcept override { std::terminate(); }

  int prepared = 0;
  std::atomic<bool> suspended{false};
  std::atomic<int> made_ready{0};
};

TEST(waiter_of_a_fiber, is_handed_to_its_host_once_when_it_is_suspended) {
  blocking_host core;
  waiter party(2);
  std::jthread notifier([&] {
    core.suspended.wait(false, std::memory_order_acquire);
    party.notify();
    party.notify();
  });
  EXPECT_EQ(party.wait(), wake_reason::notified);
  notifier.join();
  EXPECT_EQ(core.prepared, 1);
  EXPECT_EQ(core.made_ready, 1);
}

TEST(waiter_of_a_fiber, is_not_suspended_when_the_event_came_first) {
  blocking_host core;
  waiter party;
  party.notify();
  EXPECT_EQ(party.wait(), wake_reason::notified);
  EXPECT_FALSE(core.suspended);
  EXPECT_EQ(core.made_ready, 0);
}

TEST(waiter_of_a_fiber, is_decided_by_its_host_at_the_deadline_or_when_cancelled) {
  blocking_host core;
  waiter timed;
  EXPECT_EQ(timed.wait_until(soon()), wake_reason::timed_out);
  EXPECT_EQ(core.made_ready, 0) << "who decides makes the fiber ready itself";

  waiter cancelled;
  std::jthread canceller([&] {
    core.suspended.wait(false, std::memory_order_acquire);
    ASSERT_TRUE(cancelled.decide(wake_reason::cancelled));
    ASSERT_FALSE(cancelled.decide(wake_reason::timed_out));
    core.ready(cancelled);
  });
  EXPECT_EQ(cancelled.wait(), wake_reason::cancelled);
}

TEST(waiter_of_a_fiber, belongs_to_the_host_of_the_thread_that_made_it) {
  waiter of_a_thread;
  {
    blocking_host core;
    of_a_thread.notify();
    EXPECT_EQ(of_a_thread.wait(), wake_reason::notified);
    EXPECT_EQ(core.prepared, 0);
  }
}

}  // namespace
}  // namespace tokengate::detail
