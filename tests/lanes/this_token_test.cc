#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using testing::eventually;
using testing::gate;
using testing::runtime_test;

class this_token_test : public runtime_test {};

TEST_F(this_token_test, the_id_is_that_of_the_handle) {
  start(small(2, 2, 8));
  EXPECT_EQ(this_token::id(), 0u);
  auto outer = submit([] {
    const auto mine = this_token::id();
    auto inner = submit([] { return this_token::id(); });
    const auto of_inner = inner.id();
    EXPECT_EQ(inner.get(), of_inner) << "also when it is run in place";
    EXPECT_EQ(this_token::id(), mine) << "and it is this token again afterwards";
    this_token::sleep_for(1us);
    EXPECT_EQ(this_token::id(), mine);
    this_token::yield();
    EXPECT_EQ(this_token::id(), mine);
    return mine;
  });
  const auto id = outer.id();
  EXPECT_EQ(outer.get(), id);
}

TEST_F(this_token_test, the_id_stays_right_while_many_tokens_take_turns) {
  start(small(2, 3, 8));
  std::vector<token<void>> tokens;
  for (int i = 0; i < 200; ++i)
    tokens.push_back(submit([] {
      const auto mine = this_token::id();
      for (int turn = 0; turn < 20; ++turn) {
        if (turn % 3 == 0) this_token::yield();
        if (turn % 3 == 1) submit([] {}).get();
        if (turn % 3 == 2) this_token::sleep_for(1us);
        ASSERT_EQ(this_token::id(), mine);
      }
    }));
  gather(std::move(tokens));
}

TEST_F(this_token_test, the_core_is_one_of_the_coordinator_and_stays) {
  EXPECT_THROW(static_cast<void>(this_token::core()), misuse);
  start(small(3, 2, 8));
  std::vector<token<unsigned>> tokens;
  for (int i = 0; i < 100; ++i)
    tokens.push_back(submit([] {
      const unsigned mine = this_token::core();
      this_token::sleep_for(10us);
      EXPECT_EQ(this_token::core(), mine) << "fibers never migrate";
      return mine;
    }));
  for (const unsigned core : gather(std::move(tokens))) EXPECT_LT(core, 3u);
}

TEST_F(this_token_test, yielding_lets_tokens_that_were_resumed_go_on) {
  start(small(1, 1, 8));
  gate held;
  std::atomic<bool> resumed{false};
  auto waits = submit([&] {
    held.pass();
    resumed = true;
  });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto yields = submit([&] {
    held.open();
    for (int i = 0; i < 1000 && !resumed; ++i) this_token::yield();
    return resumed.load();
  });
  EXPECT_TRUE(yields.get());
  waits.get();
}

TEST_F(this_token_test, yielding_lets_new_tokens_begin_as_far_as_there_are_workers) {
  start(small(1, 2, 8));
  std::atomic<bool> began{false};
  auto yields = submit([&] {
    auto other = submit([&] { began = true; });
    for (int i = 0; i < 1000 && !began; ++i) this_token::yield();
    const bool ran = began;
    other.get();
    return ran;
  });
  EXPECT_TRUE(yields.get());
}

TEST_F(this_token_test, new_tokens_begin_while_others_only_yield_to_each_other) {
  start(small(1, 3, 8));
  {  // leaves three workers that have nothing to do
    gate held;
    auto first = submit([&] { held.pass(); }), second = submit([&] { held.pass(); });
    EXPECT_TRUE(eventually([&] { return held.waiting() == 2; }));
    const auto sleeps = [this] { return running().statistics_of_cores()[0].sleeps; };
    auto before = sleeps();
    submit([&] {
      before = sleeps();
      held.open();
    }).get();
    gather(std::move(first), std::move(second));
    EXPECT_TRUE(eventually([&] { return sleeps() > before; }));
  }
  std::atomic<bool> other_yields{false}, ended{false};
  auto other = submit([&] {
    other_yields = true;
    while (!ended) this_token::yield();
  });
  auto yields = submit([&] {
    while (!other_yields) this_token::yield();
    std::atomic<bool> began{false};
    auto fresh = submit([&] { began = true; });
    for (int i = 0; i < 1000 && !began; ++i) this_token::yield();
    const bool ran = began;
    ended = true;
    fresh.get();
    return ran;
  });
  EXPECT_TRUE(yields.get());
  other.get();
}

TEST_F(this_token_test, no_more_tokens_are_active_on_a_core_than_it_has_workers) {
  for (const unsigned workers : {1u, 2u, 3u}) {
    start(small(1, workers, 64));
    std::atomic<unsigned> active{0}, most{0};
    std::vector<token<void>> tokens;
    for (int i = 0; i < 100; ++i)
      tokens.push_back(submit([&] {
        const auto now = active.fetch_add(1) + 1;
        most = std::max(most.load(), now);
        for (int turn = 0; turn < 20; ++turn) this_token::yield();
        active.fetch_sub(1);
      }));
    gather(std::move(tokens));
    EXPECT_EQ(most, workers) << "and all of them are used";
  }
}

TEST_F(this_token_test, sleeping_takes_at_least_as_long_as_asked_and_wakes_in_order_of_time) {
  start(small(1, 4, 64));
  std::vector<int> order;
  std::vector<token<void>> tokens;
  const auto begin = clock::now();
  for (const int delay : {40, 10, 30, 20})
    tokens.push_back(submit([&order, begin, delay] {
      this_token::sleep_until(begin + std::chrono::milliseconds(delay));
      EXPECT_GE(clock::now(), begin + std::chrono::milliseconds(delay));
      order.push_back(delay);
    }));
  gather(std::move(tokens));
  EXPECT_EQ(order, (std::vector{10, 20, 30, 40}));
}

TEST_F(this_token_test, sleeping_for_no_time_or_until_the_past_returns) {
  start(small(1, 1, 8));
  submit([] {
    this_token::sleep_for(0ns);
    this_token::sleep_for(-1h);
    this_token::sleep_until(clock::time_point::min());
  }).get();
}

TEST_F(this_token_test, a_sleeping_token_leaves_its_core_to_others) {
  auto& coordinator = start(small(1, 1, 8));
  auto sleeps = submit([] { this_token::sleep_for(24h); });
  EXPECT_TRUE(eventually([&] { return sum(&core_statistics::suspensions) == 1; }));
  EXPECT_EQ(submit([] { return 1; }).get(), 1);
  coordinator.stop(0ns);
  EXPECT_THROW(sleeps.get(), token_killed);
}

TEST_F(this_token_test, a_shield_keeps_a_hard_stop_from_ending_waits) {
  auto& coordinator = start(small(1, 1, 8));
  gate held, closed_for_ever;
  bool went_on = false;
  auto shielded = submit([&] {
    {
      const this_token::shield outer;
      {
        const this_token::shield inner;
        held.pass();
      }
      this_token::sleep_for(1ms);
      this_token::yield();
      went_on = true;
    }
    this_token::sleep_for(24h);
  });
  // Beside it one without a shield, to see that the stop has come to those that wait.
  std::atomic<bool> unwound{false};
  auto bare = submit([&] {
    try {
      closed_for_ever.pass();
    } catch (...) {
      unwound = true;
      throw;
    }
  });
  EXPECT_TRUE(eventually([&] { return held.waiting() + closed_for_ever.waiting() == 2; }));
  std::jthread opens([&] {
    EXPECT_TRUE(eventually([&] { return unwound.load(); }));
    held.open();
  });
  coordinator.stop(0ns);
  EXPECT_TRUE(went_on);
  EXPECT_THROW(shielded.get(), token_killed) << "behind the shield it was unwound";
  EXPECT_THROW(bare.get(), token_killed);
}

TEST_F(this_token_test, threads_may_sleep_and_yield_too) {
  const auto begin = clock::now();
  this_token::sleep_for(2ms);
  EXPECT_GE(clock::now() - begin, 2ms);
  this_token::sleep_until(begin);
  this_token::yield();
}

}  // namespace
}  // namespace tokengate
