// What observers are told of a token: every change of its state, in order, whatever becomes of it.
#include <atomic>
#include <chrono>
#include <stdexcept>
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
#include <tokengate/tests/lanes/observe_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::gate;
using testing::log;
using testing::path;
using enum token_state;

TOKENGATE_OPERATION(int, quick, (int x)) { return x; }
TOKENGATE_OPERATION(void, fails, ()) { throw std::runtime_error("as planned"); }
TOKENGATE_OPERATION(void, waits_for_ever, ()) {
  for (;;) this_token::sleep_for(1h);
}
TOKENGATE_OPERATION(void, hurried, (), timeout{20ms}) {
  for (;;) this_token::sleep_for(1h);
}
TOKENGATE_OPERATION(int, anchored, (), sticky_anchor{"here"}) { return 1; }
TOKENGATE_OPERATION(int, family, (int depth), external_calls{"family", quick}) {
  if (depth == 0) return quick(1).get() + anchored().get();  // what is not named may be called all the same
  auto left = family(depth - 1), right = family(depth - 1);
  return left.get() + right.get();
}
TOKENGATE_APPLICATION(observe_application);

class observed : public testing::observed_test {};

TEST_F(observed, a_token_that_runs) {
  start_observed(small(1, 1, 8));
  auto made = quick(1);
  const auto id = made.id();
  made.get();
  EXPECT_EQ(seen.of(id), (path{created, admitted, executing, completed})) << "all of it once get() has returned";
  EXPECT_EQ(seen.last_of(id).operation, "quick");
  EXPECT_EQ(seen.last_of(id).core, 0);
  EXPECT_EQ(seen.last_of(id).reason, "");
}

TEST_F(observed, a_token_that_fails) {
  start_observed(small(1, 1, 8));
  auto made = fails();
  const auto id = made.id();
  EXPECT_THROW(made.get(), std::runtime_error);
  EXPECT_EQ(seen.of(id), (path{created, admitted, executing, failed}));
}

TEST_F(observed, tokens_that_wait_at_the_gate) {
  start_observed(small(1, 1, 2));
  block_the_core();
  std::vector<token<int>> tokens;
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 5; ++i) {
    tokens.push_back(quick(i));
    ids.push_back(tokens.back().id());
  }
  EXPECT_EQ(seen.of(ids[0]), (path{created, admitted}));
  EXPECT_EQ(seen.of(ids[4]), (path{created, waiting}));
  EXPECT_EQ(seen.last_of(ids[4]).core, state_change::no_core);
  lift();
  gather(std::move(tokens));
  EXPECT_EQ(seen.of(ids[0]), (path{created, admitted, executing, completed}));
  EXPECT_EQ(seen.of(ids[4]), (path{created, waiting, admitted, executing, completed}));
}

TEST_F(observed, tokens_killed_in_a_queue) {
  start_observed(small(1, 1, 2));
  block_the_core();
  auto in_mailbox = quick(0), second = quick(1), at_gate = quick(2), drained = quick(3);
  ASSERT_TRUE(in_mailbox.kill("not wanted"));
  EXPECT_EQ(seen.of(in_mailbox.id()), (path{created, admitted, killed}));
  EXPECT_EQ(seen.last_of(in_mailbox.id()).reason, "not wanted");
  EXPECT_EQ(seen.last_of(in_mailbox.id()).core, state_change::no_core);
  ASSERT_TRUE(at_gate.kill());
  EXPECT_EQ(seen.of(at_gate.id()), (path{created, waiting, killed}));
  EXPECT_EQ(running().drain(), 1u);
  EXPECT_EQ(seen.of(drained.id()), (path{created, waiting, killed}));
  EXPECT_EQ(seen.last_of(drained.id()).reason, "drained");
  lift();
  second.get();
}

TEST_F(observed, tokens_stopped_while_they_run) {
  start_observed(small(1, 1, 8));
  auto made = waits_for_ever();
  EXPECT_TRUE(eventually([&] { return made.state() == executing; }));
  const auto id = made.id();
  made.kill("enough");
  EXPECT_THROW(made.get(), token_killed);
  EXPECT_EQ(seen.of(id), (path{created, admitted, executing, killed}));
  EXPECT_EQ(seen.last_of(id).reason, "enough");
  EXPECT_EQ(seen.last_of(id).core, 0);
}

TEST_F(observed, tokens_that_are_too_late) {
  start_observed(small(1, 1, 8));
  auto runs = hurried();
  const auto id = runs.id();
  EXPECT_THROW(runs.get(), token_timed_out);
  // Its waiter may have asked it to stop before it began; else it was its own timer.
  EXPECT_TRUE(seen.of(id) == (path{created, admitted, executing, timeout}) ||
              seen.of(id) == (path{created, admitted, timeout}));
  block_the_core();
  auto queued = hurried();
  const auto queued_id = queued.id();
  EXPECT_THROW(queued.get(), token_timed_out);
  EXPECT_EQ(seen.of(queued_id), (path{created, admitted, timeout}));
  lift();
}

TEST_F(observed, a_hard_stop) {
  auto& system = start_observed(small(1, 1, 2));
  auto sleeper = waits_for_ever();
  EXPECT_TRUE(eventually([&] { return sleeper.state() == executing; }));
  block_the_core();
  std::vector<token<int>> tokens;
  for (int i = 0; i < 4; ++i) tokens.push_back(quick(i));
  std::thread stopper([&] { system.stop(0ns); });
  busy.lift();
  stopper.join();
  EXPECT_EQ(seen.of(sleeper.id()), (path{created, admitted, executing, killed}));
  for (const auto& each : tokens) {
    const auto steps = seen.of(each.id());
    ASSERT_GE(steps.size(), 3u);
    EXPECT_EQ(steps.back(), each.state());
    if (each.state() == killed) {
      EXPECT_EQ(seen.last_of(each.id()).reason, "its coordinator stopped");
    }
  }
  try {
    holder.get();
  } catch (const token_killed&) {
  }
}

TEST_F(observed, children_however_they_are_run) {
  for (const std::size_t max_waiting : {std::size_t{1} << 20, std::size_t{1}}) {
    auto wanted = small(2, 2, 8);
    wanted.max_waiting = max_waiting;  // 1: children are run as they are made
    coordinator system(wanted);
    system.start();
    log family_log;
    const auto watching = system.observe(family_log.observer());
    auto made = family(5);
    EXPECT_EQ(made.get(), 64);
    system.stop();
    EXPECT_EQ(family_log.tokens().size(), 63u + 64u);
    for (const auto id : family_log.tokens()) {
      auto steps = family_log.of(id);
      ASSERT_FALSE(steps.empty()) << "out of order";
      std::erase(steps, waiting);  // anchored children may meet a full mailbox
      EXPECT_EQ(steps, (path{created, admitted, executing, completed}));
      EXPECT_EQ(family_log.last_of(id).from, executing);
    }
  }
}

TEST_F(observed, a_child_killed_in_its_queue) {
  start_observed(small(1, 1, 8));
  std::atomic<std::uint64_t> child_id{0};
  submit([&] {
    auto child = quick(1);
    child_id = child.id();
    child.kill("changed my mind");
    EXPECT_THROW(child.get(), token_killed);
  }).get();
  const auto steps = seen.of(child_id);
  EXPECT_TRUE(steps == (path{created, admitted, killed}) || steps == (path{created, admitted, executing, killed}));
  EXPECT_EQ(seen.last_of(child_id).reason, "changed my mind");
  EXPECT_EQ(seen.last_of(child_id).core, 0);
}

TEST_F(observed, pauses) {
  auto& system = start_observed(small(1, 1, 8));
  system.pause();
  auto kept = quick(1), kept_anchored = token<int>();
  kept_anchored = anchored();
  EXPECT_EQ(seen.of(kept.id()), (path{created, waiting}));
  EXPECT_EQ(seen.of(kept_anchored.id()), (path{created, waiting}));
  system.resume();
  const auto ids = std::pair(kept.id(), kept_anchored.id());
  kept.get();
  kept_anchored.get();
  EXPECT_EQ(seen.of(ids.first), (path{created, waiting, admitted, executing, completed}));
  EXPECT_EQ(seen.of(ids.second), (path{created, waiting, admitted, executing, completed}));
  system.pause("quick");
  auto held = quick(2);
  const auto held_id = held.id();
  EXPECT_EQ(seen.of(held_id), (path{created, waiting}));
  system.resume("quick");
  held.get();
  EXPECT_EQ(seen.of(held_id), (path{created, waiting, admitted, executing, completed}));
}

TEST_F(observed, tokens_that_wait_for_storage) {
  auto wanted = small(1, 2, 8);
  wanted.storage.slow = 1;
  start_observed(wanted);
  gate held;
  auto holds = submit(tags{storage_speed::slow}, [&] { held.pass(); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto next = submit(tags{storage_speed::slow}, [] {});
  const auto id = next.id();
  EXPECT_TRUE(eventually([&] { return running().statistics_of(storage_speed::slow).waiting == 1; }));
  EXPECT_EQ(seen.of(id), (path{created, admitted}));
  held.open();
  holds.get();
  next.get();
  EXPECT_EQ(seen.of(id), (path{created, admitted, executing, completed}));
}

}  // namespace
}  // namespace tokengate
