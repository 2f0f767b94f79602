// Exclusive anchors: tokens of one key do not interleave, wait for each other in order, and are never lost.
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/wait_any.h>
#include <tokengate/lanes/explore.h>
#include <tokengate/tests/lanes/aside.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::aside;
using testing::blockade;
using testing::eventually;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;
using testing::runtime_test;
using testing::why;

TOKENGATE_OPERATION(void, deposit, (int, aside what = {}), sticky_anchor{"account"}, exclusive) { what.run(); }
TOKENGATE_OPERATION(void, withdraw, (int, aside what = {}), sticky_anchor{"account"}, exclusive, weight::light) {
  what.run();
}
TOKENGATE_OPERATION(void, archive, (int, aside what = {}), sticky_anchor{"account"}, exclusive, storage_speed::slow) {
  what.run();
}
TOKENGATE_OPERATION(void, hurry, (int, aside what = {}), sticky_anchor{"account"}, exclusive, timeout{20ms}) {
  what.run();
}
TOKENGATE_APPLICATION(strand_application);

class strand_on : public every_shape {};
INSTANTIATE_TEST_SUITE_P(shape, strand_on, all_shapes(), name_of_shape);

TEST_P(strand_on, tokens_of_a_key_run_one_after_the_other_in_order) {
  start_shape();
  constexpr int keys = 3, tokens_each = 60;
  struct {
    std::atomic<int> inside{0}, next{0}, wrong{0};
  } seen[keys];
  std::vector<token<void>> tokens;
  for (int i = 0; i < tokens_each; ++i)
    for (int key = 0; key < keys; ++key) {
      const auto what = [&here = seen[key], i] {
        if (here.inside.fetch_add(1) != 0 || here.next.fetch_add(1) != i) ++here.wrong;
        if (i % 2 == 0) this_token::yield();
        if (i % 7 == 0) this_token::sleep_for(10us);
        if (i % 5 == 0) submit([] { this_token::yield(); }).get();
        here.inside.fetch_sub(1);
      };
      tokens.push_back(i % 3 == 0 ? deposit(key, what) : i % 3 == 1 ? withdraw(key, what) : archive(key, what));
    }
  gather(std::move(tokens));
  for (const auto& each : seen) {
    EXPECT_EQ(each.next, tokens_each);
    EXPECT_EQ(each.wrong, 0);
  }
}

class strand : public runtime_test {
 protected:
  /// A token that has its strand until it is let go on.
  struct holder {
    gate held;
    token<void> self;
    explicit holder(int key) : self(deposit(key, [this] { held.pass(); })) {
      EXPECT_TRUE(eventually([this] { return held.waiting() == 1; }));
    }
    void let_go() {
      held.open();
      self.get();
    }
  };
};

TEST_F(strand, waits_while_another_one_is_suspended_and_other_keys_go_on) {
  start(small(1, 2, 64));
  holder first(1);
  std::atomic<bool> begun{false};
  auto second = deposit(1, [&begun] { begun = true; });
  deposit(2).get();
  submit([] {}).get();
  EXPECT_FALSE(begun);
  EXPECT_EQ(second.state(), token_state::admitted);
  EXPECT_EQ(sum(&core_statistics::in_strand), 1u);
  first.let_go();
  second.get();
  EXPECT_TRUE(begun);
}

TEST_F(strand, goes_on_after_a_token_that_throws_or_is_stopped) {
  start(small(1, 2, 64));
  auto throws = deposit(1, [] { throw std::runtime_error("as planned"); });
  gate never;
  auto killed = deposit(1, [&never] { never.pass(); });
  auto late = hurry(1, [&never] { never.pass(); });
  auto last = deposit(1);
  EXPECT_THROW(throws.get(), std::runtime_error);
  ASSERT_TRUE(eventually([&] { return never.waiting() == 1; }));
  EXPECT_TRUE(killed.kill());
  EXPECT_THROW(killed.get(), token_killed);
  EXPECT_THROW(late.get(), token_timed_out);
  last.get();
  EXPECT_TRUE(running().pins().empty());
}

TEST_F(strand, passes_over_tokens_that_were_killed_while_they_waited_in_it) {
  start(small(1, 2, 64));
  holder first(1);
  std::vector<token<void>> tokens;
  std::atomic<int> ran{0};
  for (int i = 0; i < 10; ++i) tokens.push_back(deposit(1, [&ran] { ++ran; }));
  ASSERT_TRUE(eventually([&] { return sum(&core_statistics::in_strand) == 10; }));
  for (const std::size_t i : {0u, 1u, 5u, 9u}) {
    EXPECT_TRUE(tokens[i].kill());
    EXPECT_THROW(tokens[i].get(), token_killed) << "at once, although the strand is taken";
  }
  first.let_go();
  for (const std::size_t i : {2u, 3u, 4u, 6u, 7u, 8u}) tokens[i].get();
  EXPECT_EQ(ran, 6);
  EXPECT_TRUE(running().pins().empty());
  deposit(1).get();
}

TEST_F(strand, refuses_to_wait_for_itself) {
  start(small(2, 2, 64));
  std::string waits, waits_for_a_while, waits_for_all, waits_for_any_of_them;
  auto other_one = withdraw(2);
  deposit(1, [&] {
    auto own = withdraw(1), own_too = withdraw(1), other = withdraw(3);
    waits = why<deadlock_detected>(own);
    waits_for_a_while = [&own_too]() -> std::string {
      try {
        own_too.get_for(1h);
      } catch (const deadlock_detected& refused) {
        return refused.what();
      }
      return {};
    }();
    std::vector<token<void>> some;
    some.push_back(withdraw(4));
    some.push_back(withdraw(1));
    EXPECT_EQ(wait_any(some), 0u) << "the other one ends";
    try {
      gather(std::move(some));
    } catch (const deadlock_detected& refused) {
      waits_for_all = refused.what();
    }
    std::vector<token<void>> hopeless;
    hopeless.push_back(withdraw(1));
    hopeless.push_back(withdraw(1));
    try {
      static_cast<void>(wait_any(hopeless));
    } catch (const deadlock_detected& refused) {
      waits_for_any_of_them = refused.what();
    }
    other.get();
  }).get();
  other_one.get();
  EXPECT_NE(waits.find("of 'deposit' waits for token"), std::string::npos) << waits;
  EXPECT_NE(waits.find("of 'withdraw', which has the same key of an exclusive anchor"), std::string::npos) << waits;
  EXPECT_FALSE(waits_for_a_while.empty());
  EXPECT_FALSE(waits_for_all.empty());
  EXPECT_FALSE(waits_for_any_of_them.empty());
}

// The child that waits in between knows nothing of strands.
TEST_F(strand, a_cycle_through_other_tokens_is_found_and_named) {
  auto wanted = small(2, 2, 64);
  wanted.watch_every = 1ms;
  start(wanted);
  std::string text;
  gate begun;
  deposit(1, [&] {
    auto between = submit([&] {
      begun.pass();
      auto own = withdraw(1);
      text = why<deadlock_detected>(own);
    });
    while (begun.waiting() == 0) this_token::yield();  // so that it is not run in place
    begun.open();
    between.get();
  }).get();
  EXPECT_NE(text.find("of 'withdraw', which waits for the exclusive anchor of token"), std::string::npos) << text;
  EXPECT_NE(text.find("of 'deposit', which"), std::string::npos) << text;
}

TEST_F(strand, may_be_let_go_of_and_runs_behind) {
  start(small(1, 2, 64));
  std::vector<int> order;
  deposit(1, [&order] {
    withdraw(1, [&order] { order.push_back(2); }).detach();
    this_token::yield();
    order.push_back(1);
  }).get();
  deposit(1, [&order] { order.push_back(3); }).get();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(strand, a_paused_operation_does_not_keep_the_others_of_its_key) {
  start(small(1, 2, 64));
  holder first(1);
  std::vector<int> order;
  auto kept = deposit(1, [&order] { order.push_back(2); });
  auto passes = withdraw(1, [&order] { order.push_back(1); });
  ASSERT_TRUE(eventually([&] { return sum(&core_statistics::in_strand) == 2; }));
  running().pause("deposit");
  first.let_go();
  passes.get();
  EXPECT_NE(kept.state(), token_state::executing);
  running().resume("deposit");
  kept.get();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(strand, keeps_its_turn_while_a_token_waits_for_its_permit) {
  auto wanted = small(1, 4, 64);
  wanted.storage.slow = 1;
  start(wanted);
  gate held;
  auto permit = submit(tags{storage_speed::slow}, [&held] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  std::vector<int> order;
  auto stored = archive(1, [&order] { order.push_back(1); });
  auto behind = deposit(1, [&order] { order.push_back(2); });
  auto given_up = archive(2), goes_on = deposit(2);
  ASSERT_TRUE(eventually([&] { return sum(&core_statistics::in_strand) == 2; }));
  EXPECT_TRUE(given_up.kill());
  held.open();
  permit.get();
  stored.get();
  behind.get();
  goes_on.get();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(strand, who_waits_runs_the_only_one_in_place_and_it_has_its_strand) {
  start(small(1, 1, 64));
  const auto before = sum(&core_statistics::ran_inline);
  std::vector<int> order;
  std::vector<token<void>> behind;
  submit([&] {
    deposit(1, [&] {
      behind.push_back(withdraw(1, [&order] { order.push_back(2); }));
      this_token::sleep_for(1ms);  // its place in the mailbox comes up meanwhile, and so does the other one
      order.push_back(1);
    }).get();
  }).get();
  gather(std::move(behind));
  EXPECT_EQ(sum(&core_statistics::ran_inline) - before, 1u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

// A token that is on its way to its core's hands already is left to it.
TEST_F(strand, who_waits_leaves_one_whose_turn_has_come_to_its_core) {
  start(small(1, 4, 64));
  const auto before = sum(&core_statistics::ran_inline);
  for (int i = 0; i < 10; ++i)
    submit([this] {
      gate held;
      auto first = deposit(1, [&held] { held.pass(); }), second = deposit(1);
      const auto kept = sum(&core_statistics::in_strand);
      while (sum(&core_statistics::in_strand) == kept) this_token::yield();
      held.open();
      this_token::yield();  // the first one ends, and it is the turn of the second
      second.get();
      first.get();
      deposit(1).get();
    }).get();
  EXPECT_LE(sum(&core_statistics::ran_inline) - before, 10u) << "only those that were alone";
}

TEST_F(strand, ends_with_a_hard_stop) {
  auto wanted = small(2, 2, 4);
  wanted.drain_for = 0ns;
  start(wanted);
  gate never;
  std::vector<token<void>> tokens;
  for (int i = 0; i < 100; ++i) tokens.push_back(deposit(i % 3, [&never] { never.pass(); }));
  running().stop();
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_killed);
}

// Under every order of events that a seed can make.
TEST(strand_in_simulation, holds_under_every_seed) {
  const auto failed = simulation::explore({.count = 300, .cores = 3}, [](coordinator& self) {
    int inside = 0, balance = 0;
    std::vector<token<void>> tokens, senders;
    for (int i = 0; i < 6; ++i) {
      senders.push_back(submit([&inside, &balance] {
        std::vector<token<void>> own;
        for (int j = 0; j < 3; ++j)
          own.push_back(deposit(7, [&inside, &balance] {
            if (inside++ != 0) throw std::logic_error("two tokens of one key at once");
            const int before = balance;
            this_token::yield();
            this_token::sleep_for(1us);
            balance = before + 1;
            --inside;
          }));
        gather(std::move(own));
      }));
    }
    gather(std::move(senders));
    if (!self.pins().empty()) throw std::logic_error("a pin was left");
    return balance == 18;
  });
  EXPECT_FALSE(failed) << "seed " << failed->seed << ": " << failed->what << '\n' << failed->trace;
}

}  // namespace
}  // namespace tokengate
