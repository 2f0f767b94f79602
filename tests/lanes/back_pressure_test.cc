// Full mailboxes and gates: who submits waits or runs the token itself, nothing is lost, memory stays bounded.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/refuse_when_full.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using testing::all_shapes;
using testing::blockade;
using testing::eventually;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;
using testing::runtime_test;

class tiny_gates : public every_shape {
 protected:
  void SetUp() override {
    auto wanted = shape();
    wanted.max_waiting = 1;
    start(wanted);
  }
};
INSTANTIATE_TEST_SUITE_P(on, tiny_gates, all_shapes(), name_of_shape);

TEST_P(tiny_gates, threads_that_submit_more_than_fits_lose_nothing) {
  constexpr int threads = 3, each = 2000;
  std::atomic<int> ran{0};
  testing::together(threads, [&](int) {
    std::vector<token<void>> tokens;
    for (int i = 0; i < each; ++i)
      tokens.push_back(submit(tags{static_cast<weight>(i % 3)}, [&] { ran.fetch_add(1, std::memory_order_relaxed); }));
    gather(std::move(tokens));
  });
  EXPECT_EQ(ran, threads * each);
}

int storm(int depth, int width) {
  std::vector<token<int>> children;
  if (depth > 0)
    for (int i = 0; i < width; ++i) children.push_back(submit(storm, depth - 1, width));
  int sum = 1;
  for (auto& child : children) sum += child.get();
  return sum;
}

TEST_P(tiny_gates, storms_of_children_lose_nothing) {
  EXPECT_EQ(submit(storm, 4, 10).get(), 11'111);
  EXPECT_EQ(submit(tags{external_calls{"storm"}}, storm, 4, 10).get(), 11'111);
}

TEST_P(tiny_gates, storms_of_children_that_wait_lose_nothing) {
  std::atomic<int> ran{0};
  submit([&] {
    std::vector<token<void>> children;
    for (int i = 0; i < 500; ++i)
      children.push_back(submit([&] {
        this_token::sleep_for(std::chrono::microseconds(10));
        ran.fetch_add(1, std::memory_order_relaxed);
      }));
    gather(std::move(children));
  }).get();
  EXPECT_EQ(ran, 500);
}

class back_pressure : public runtime_test {};

TEST_F(back_pressure, a_thread_that_must_not_wait_is_refused_and_nothing_is_lost) {
  for (const bool paused : {false, true}) {
    auto wanted = small(1, 1, 2);
    wanted.max_waiting = 3;
    auto& coordinator = start(wanted);
    blockade busy;
    auto first = submit([&] { busy.hold(); });
    ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
    if (paused) coordinator.pause("submit");
    std::vector<token<int>> tokens;
    const std::size_t room = paused ? 3 : 2 + 3;
    {
      const refuse_when_full here;
      { const refuse_when_full nested; }
      for (std::size_t i = 0; i < room; ++i)
        tokens.push_back(submit([kept = testing::tracked(1)] { return kept.value; }));
      EXPECT_THROW(static_cast<void>(submit([kept = testing::tracked()] { return 1; })), mailbox_full);
      EXPECT_EQ(testing::tracked::live(), static_cast<int>(room)) << "the refused one is gone with its arguments";
    }
    if (paused) coordinator.resume("submit");
    std::jthread patient([] { EXPECT_EQ(submit([] { return 2; }).get(), 2); });  // others wait as ever
    busy.lift();
    for (auto& each : tokens) EXPECT_EQ(each.get(), 1);
    first.get();
    const refuse_when_full here;
    EXPECT_EQ(submit([] { return 3; }).get(), 3);
    // Not tokens that tokens make, whatever the thread of their core was asked for.
    EXPECT_EQ(submit([] {
                const refuse_when_full inside;
                int sum = 0;
                for (int i = 0; i < 100; ++i) sum += submit([] { return 1; }).get();
                return sum;
              }).get(),
              100);
  }
}

TEST_F(back_pressure, children_beyond_the_bound_run_where_they_are_spawned) {
  auto wanted = small(1, 1, 16);
  wanted.max_waiting = 10;
  start(wanted);
  auto ended_before_waiting = submit([] {
    int ended = 0;
    std::vector<token<int>> children;
    for (int i = 0; i < 1000; ++i) children.push_back(submit([i] { return i; }));
    for (const auto& child : children) ended += child.state() == token_state::completed ? 1 : 0;
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(children[static_cast<std::size_t>(i)].get(), i);
    return ended;
  });
  EXPECT_EQ(ended_before_waiting.get(), 990);
}

TEST_F(back_pressure, children_of_too_many_suspended_tokens_run_where_they_are_spawned) {
  auto wanted = small(1, 1, 1024);
  wanted.max_suspended = 20;
  start(wanted);
  gate held;
  std::vector<token<void>> suspended;
  for (int i = 0; i < 20; ++i) suspended.push_back(submit([&] { held.pass(); }));
  EXPECT_TRUE(eventually([&] { return held.waiting() == 20; }));
  submit([] {
    auto child = submit([] { return 1; });
    EXPECT_EQ(child.state(), token_state::completed);
    child.get();
  }).get();
  held.open();
  gather(std::move(suspended));
  EXPECT_EQ(sum(&core_statistics::ran_inline), 1u);
}

TEST_F(back_pressure, children_that_run_where_they_are_spawned_do_not_keep_the_permit_of_their_parent) {
  auto wanted = small(1, 1, 16);
  wanted.max_waiting = 1;
  wanted.storage.slow = 1;
  start(wanted);
  const tags on_slow{storage_speed::slow};
  const auto reads = [on_slow] { return submit(on_slow, [] { return 1; }).get(); };
  const auto parent = [reads] {
    int sum = 0;
    std::vector<token<int>> children;
    for (int i = 0; i < 10; ++i) children.push_back(submit(reads));
    for (auto& child : children) sum += child.get();
    return sum;
  };
  EXPECT_EQ(submit(on_slow, parent).get(), 10);
}

TEST_F(back_pressure, a_thread_at_a_full_gate_waits_until_there_is_room) {
  auto wanted = small(1, 1, 1);
  wanted.max_waiting = 2;
  start(wanted);
  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::atomic<int> submitted{0};
  std::vector<token<void>> tokens;
  std::jthread submitter([&] {
    for (int i = 0; i < 20; ++i) {
      tokens.push_back(submit([] {}));
      submitted.fetch_add(1);
    }
  });
  EXPECT_TRUE(eventually([&] { return submitted == 3; })) << "one in the mailbox, two at the gate";
  const auto full = running().statistics_of_cores().front();
  EXPECT_EQ(full.admitted, 1u);
  EXPECT_EQ(full.waiting, 2u);
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_EQ(submitted, 3) << "the submitter waits";
  busy.lift();
  submitter.join();
  EXPECT_EQ(submitted, 20);
  gather(std::move(tokens));
}

TEST_F(back_pressure, tokens_of_one_thread_and_weight_start_in_order) {
  auto wanted = small(1, 1, 2);
  wanted.max_waiting = 50;
  start(wanted);
  std::vector<int> order;
  std::vector<token<void>> tokens;
  for (int i = 0; i < 1000; ++i) tokens.push_back(submit([&order, i] { order.push_back(i); }));
  gather(std::move(tokens));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 1000u);
}

}  // namespace
}  // namespace tokengate
