// Exclusive anchors where other promises end: pauses, bounds, shares, permits, hard stops, other coordinators.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/refuse_when_full.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/aside.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::aside;
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::runtime_test;
using testing::why;

/// An argument that waits when it goes.
class lingers {
 public:
  explicit lingers(gate& until, std::atomic<bool>& gone) : until_(&until), gone_(&gone) {}
  lingers(lingers&& other) noexcept : until_(std::exchange(other.until_, nullptr)), gone_(other.gone_) {}
  lingers& operator=(lingers&&) = delete;
  ~lingers() {
    if (until_ == nullptr) return;
    until_->pass();
    *gone_ = true;
  }
  friend void fingerprint_append(auto&, const lingers&) {}

 private:
  gate* until_;
  std::atomic<bool>* gone_;
};

TOKENGATE_OPERATION(void, deposit, (int, aside what = {}), sticky_anchor{"account"}, exclusive) { what.run(); }
TOKENGATE_OPERATION(void, withdraw, (int, aside what = {}), sticky_anchor{"account"}, exclusive) { what.run(); }
TOKENGATE_OPERATION(void, archive, (int, aside what = {}), sticky_anchor{"account"}, exclusive, storage_speed::slow) {
  what.run();
}
TOKENGATE_OPERATION(void, lingering, (int, lingers), sticky_anchor{"account"}, exclusive) {}
TOKENGATE_OPERATION(void, plain, (int, aside what = {}), sticky_anchor{"plain"}) { what.run(); }
TOKENGATE_APPLICATION(strand_limits_application);

class strand_limits : public runtime_test {
 protected:
  [[nodiscard]] bool kept(std::uint64_t tokens) const {
    return eventually([this, tokens] { return sum(&core_statistics::in_strand) == tokens; });
  }
  [[nodiscard]] bool held_back(std::uint64_t tokens) const {
    return eventually([this, tokens] { return sum(&core_statistics::held_back) == tokens; });
  }
};

TEST_F(strand_limits, a_pause_keeps_the_order_of_what_was_in_the_strand_and_what_was_not_yet) {
  start(small(1, 4, 64));
  gate held;
  blockade busy;
  std::vector<int> order;
  auto first = deposit(1, [&] {
    held.pass();
    order.push_back(1);
  });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto second = deposit(1, [&] { order.push_back(2); });
  ASSERT_TRUE(kept(1));
  auto holder = submit([&] { busy.hold(); });
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  auto of_another_key = deposit(2), third = deposit(1, [&] { order.push_back(3); });
  running().pause("deposit");
  busy.lift();
  holder.get();
  ASSERT_TRUE(held_back(1)) << "the other key's";
  ASSERT_TRUE(kept(2));
  held.open();
  first.get();
  ASSERT_TRUE(held_back(3));
  auto fourth = deposit(1, [&] { order.push_back(4); });
  running().resume("deposit");
  second.get();
  third.get();
  fourth.get();
  of_another_key.get();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

// What a pause sends out of the strand comes back behind others; so must those that were behind it.
TEST_F(strand_limits, a_pause_keeps_the_order_of_an_operation_although_others_of_the_key_go_on) {
  start(small(1, 4, 64));
  gate held, held_too;
  std::vector<int> order;
  auto first = withdraw(1, [&] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto second = deposit(1, [&] { order.push_back(2); });
  auto of_the_other = withdraw(1, [&] { held_too.pass(); });
  auto third = deposit(1, [&] { order.push_back(3); });
  ASSERT_TRUE(kept(3));
  running().pause("deposit");
  held.open();
  ASSERT_TRUE(eventually([&] { return held_too.waiting() == 1; })) << "its turn came when the second one was held back";
  running().resume("deposit");
  ASSERT_TRUE(eventually([&] { return sum(&core_statistics::in_strand) >= 4; })) << "the second one is in it again";
  held_too.open();
  second.get();
  third.get();
  EXPECT_EQ(order, (std::vector<int>{2, 3}));
}

// At every moment some have entered the strand, some are held back, and some have yet to come.
TEST_F(strand_limits, pauses_at_any_moment_keep_the_order_of_a_key) {
  constexpr int count = 2'000;
  for (const unsigned cores : {1u, 2u}) {
    auto& coordinator = start(small(cores, 2, 64));
    std::atomic<int> last{-1}, wrong{0};
    std::atomic<bool> over{false};
    std::jthread submitter([&] {
      std::vector<token<void>> tokens;
      for (int i = 0; i < count; ++i) {
        tokens.push_back(deposit(1, [&, i] {
          if (last.exchange(i) >= i) ++wrong;
          if (i % 3 == 0) this_token::yield();
        }));
        if (i % 5 == 0) tokens.back().kill();
        if (tokens.size() < 30) continue;
        tokens.back().wait();
        tokens.clear();
      }
      for (auto& each : tokens) each.wait();
      over = true;
    });
    while (!over) {
      coordinator.pause();
      std::this_thread::yield();
      coordinator.resume();
      coordinator.pause("deposit");
      coordinator.resume("deposit");
    }
    EXPECT_EQ(wrong, 0);
  }
}

// A killed token whose turn comes may take its time to go; a pause that was made meanwhile holds.
TEST_F(strand_limits, a_pause_holds_although_a_dead_token_had_its_turn_meanwhile) {
  auto& coordinator = start(small(1, 4, 64));
  gate held, going;
  blockade busy;
  std::atomic<bool> gone{false}, begun{false};
  auto first = deposit(1, [&] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto dead = lingering(1, lingers(going, gone));
  ASSERT_TRUE(kept(1));
  EXPECT_TRUE(dead.kill());
  dead.detach();
  held.open();
  first.get();
  ASSERT_TRUE(eventually([&] { return going.waiting() == 1; }));
  auto holder = submit([&] { busy.hold(); });
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  auto behind = submit([&] { begun = true; });
  coordinator.pause();
  busy.lift();
  holder.get();
  going.open();
  ASSERT_TRUE(eventually([&] { return gone.load(); }));
  static_cast<void>(coordinator.fibers(20s));  // the core has come round since
  EXPECT_FALSE(begun);
  coordinator.resume();
  behind.get();
}

TEST_F(strand_limits, what_waits_in_strands_is_bounded) {
  auto wanted = small(1, 2, 16);
  wanted.max_waiting = 16;
  start(wanted);
  gate held;
  auto first = deposit(1, [&] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  std::vector<token<void>> all;
  {
    const refuse_when_full refused;
    try {
      while (all.size() < 10'000) all.push_back(deposit(1));
      ADD_FAILURE() << "never full";
    } catch (const mailbox_full&) {
    }
  }
  EXPECT_LE(all.size(), 100u);
  submit([&] {  // tokens that tokens make are never refused
    std::vector<token<void>> more;
    for (int i = 0; i < 100; ++i) more.push_back(deposit(1));
    held.open();
    gather(std::move(more));
  })
      .get();
  first.get();
  gather(std::move(all));
  for (int i = 0; i < 100; ++i) deposit(1).get();  // all places were given back
}

TEST_F(strand_limits, a_long_strand_leaves_every_other_turn_to_the_rest) {
  start(small(1, 2, 4096));
  gate held;
  blockade busy;
  std::vector<token<void>> all;
  int ran = 0, then = 0;
  all.push_back(deposit(1, [&] { held.pass(); }));
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  for (int i = 0; i < 1000; ++i)
    all.push_back(deposit(1, [&ran, &busy] {
      if (++ran == 10) busy.hold();
    }));
  ASSERT_TRUE(kept(1000));
  held.open();
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  auto light = submit(tags{weight::light}, [&] { then = ran; });
  busy.lift();
  light.get();
  EXPECT_LE(then, 20);
  gather(std::move(all));
}

TEST_F(strand_limits, a_cycle_that_only_a_turn_in_a_strand_closes_is_found) {
  auto wanted = small(2, 2, 64);
  wanted.watch_every = 1ms;
  auto& coordinator = start(wanted);
  std::string text;
  gate begun;
  coordinator.pause("withdraw");
  auto first = deposit(1, [&] {
    auto between = submit([&] {
      begun.pass();
      auto own = withdraw(1);
      text = why<deadlock_detected>(own);
    });
    while (begun.waiting() == 0) this_token::yield();
    begun.open();
    between.get();
  });
  ASSERT_TRUE(held_back(1));
  ASSERT_TRUE(eventually([&] { return sum(&core_statistics::suspensions) >= 3; }));
  EXPECT_TRUE(coordinator.break_deadlocks().empty()) << "it may still be resumed";
  coordinator.resume("withdraw");
  ASSERT_TRUE(eventually([&] { return is_terminal(first.state()); }));
  first.get();
  EXPECT_FALSE(text.empty());
}

TEST_F(strand_limits, a_dead_token_does_not_keep_its_turn_until_there_is_a_permit) {
  auto wanted = small(1, 4, 64);
  wanted.storage.slow = 1;
  start(wanted);
  gate held;
  auto permit = submit(tags{storage_speed::slow}, [&held] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto dead = archive(2), goes_on = deposit(2);
  ASSERT_TRUE(kept(1));
  EXPECT_TRUE(dead.kill());
  EXPECT_TRUE(eventually([&] { return is_terminal(goes_on.state()); }));
  held.open();
  permit.get();
  goes_on.get();
}

TEST_F(strand_limits, an_equal_key_of_another_coordinator_is_another_strand) {
  start(small(1, 2, 64));
  coordinator other(small(1, 2, 64));
  other.start();
  gate held;
  token<void> there;
  {
    const coordinator::scope meant(other);
    there = deposit(1, [&] { held.pass(); });
  }
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  const coordinator::scope meant(running());
  auto waits = deposit(1, [&] { there.get(); });
  EXPECT_TRUE(eventually([&] { return sum(&core_statistics::suspensions) != 0 || is_terminal(waits.state()); }));
  held.open();
  EXPECT_NO_THROW(waits.get());
}

TEST(strand_at_the_end, a_hard_stop_ends_what_waits_behind_a_token_that_does_not_stop) {
  gate held;
  options wanted;
  wanted.cores = 1;
  wanted.cancel_for = 50ms;
  coordinator system(wanted);
  system.start();
  auto first = deposit(1, [&] {
    const this_token::shield quiet;
    held.pass();
  });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto behind = deposit(1);
  ASSERT_TRUE(eventually([&] { return system.statistics_of_cores().front().in_strand == 1; }));
  const auto report = system.stop(0ns);
  EXPECT_EQ(report.abandoned.size(), 1u);
  EXPECT_THROW(behind.get(), token_killed);
  held.open();
  EXPECT_TRUE(eventually([&] { return is_terminal(first.state()); }));
}

// What a token that was left behind by a stop() makes must not be taken for a token of the next run.
TEST(strand_at_the_end, an_abandoned_token_makes_no_anchored_ones) {
  blockade wall;
  std::atomic<bool> refused{false}, over{false};
  options wanted;
  wanted.cores = 1;
  wanted.cancel_for = 5ms;
  coordinator system(wanted);
  system.start();
  submit([&] {
    wall.hold();
    try {
      plain(1).detach();
    } catch (const coordinator_stopped&) {
      refused = true;
    }
    over = true;
  }).detach();
  ASSERT_TRUE(eventually([&] { return wall.holding() == 1; }));
  EXPECT_EQ(system.stop(0ns).abandoned.size(), 1u);
  system.start();
  wall.lift();
  ASSERT_TRUE(eventually([&] { return over.load(); }));
  EXPECT_TRUE(refused);
  EXPECT_TRUE(system.pins().empty());
}

}  // namespace
}  // namespace tokengate
