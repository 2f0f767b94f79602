#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::runtime_test;
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

using path = std::vector<token_state>;

/// What observers saw, by token, in the order in which they were called.
class log {
 public:
  void note(const state_change& change) {
    const std::scoped_lock lock(mutex_);
    all_[change.token].push_back(change);
  }
  std::function<void(const state_change&)> observer() {
    return [this](const state_change& change) { note(change); };
  }
  /// The states a token went through; empty if one step does not begin where the one before ended.
  path of(std::uint64_t token) const {
    const std::scoped_lock lock(mutex_);
    const auto found = all_.find(token);
    if (found == all_.end()) return {};
    path steps{found->second.front().from};
    for (const auto& each : found->second) {
      if (each.from != steps.back()) return {};
      steps.push_back(each.to);
    }
    return steps;
  }
  state_change last_of(std::uint64_t token) const {
    const std::scoped_lock lock(mutex_);
    return all_.at(token).back();
  }
  std::vector<std::uint64_t> tokens() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::uint64_t> ids;
    for (const auto& [id, changes] : all_) ids.push_back(id);
    return ids;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::vector<state_change>> all_;
};

class observe : public runtime_test {
 protected:
  coordinator& start_observed(const options& wanted) {
    auto& system = start(wanted);
    observing = system.observe(seen.observer());
    return system;
  }
  /// Keeps the only core busy until lift().
  void block_the_core() {
    holder = submit([this] { busy.hold(); });
    EXPECT_TRUE(eventually([this] { return busy.holding() == 1; }));
  }
  void lift() {
    busy.lift();
    holder.get();
  }

  log seen;
  observation observing;
  blockade busy;
  token<void> holder;
};

TEST_F(observe, a_token_that_runs) {
  start_observed(small(1, 1, 8));
  auto made = quick(1);
  const auto id = made.id();
  made.get();
  EXPECT_EQ(seen.of(id), (path{created, admitted, executing, completed})) << "all of it once get() has returned";
  EXPECT_EQ(seen.last_of(id).operation, "quick");
  EXPECT_EQ(seen.last_of(id).core, 0);
  EXPECT_EQ(seen.last_of(id).reason, "");
}

TEST_F(observe, a_token_that_fails) {
  start_observed(small(1, 1, 8));
  auto made = fails();
  const auto id = made.id();
  EXPECT_THROW(made.get(), std::runtime_error);
  EXPECT_EQ(seen.of(id), (path{created, admitted, executing, failed}));
}

TEST_F(observe, tokens_that_wait_at_the_gate) {
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

TEST_F(observe, tokens_killed_in_a_queue) {
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

TEST_F(observe, tokens_stopped_while_they_run) {
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

TEST_F(observe, tokens_that_are_too_late) {
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

TEST_F(observe, a_hard_stop) {
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

TEST_F(observe, children_however_they_are_run) {
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

TEST_F(observe, a_child_killed_in_its_queue) {
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

TEST_F(observe, pauses) {
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

TEST_F(observe, tokens_that_wait_for_storage) {
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

TEST_F(observe, nobody_is_told_after_the_end) {
  auto& system = start_observed(small(1, 1, 8));
  quick(1).get();
  const auto before = seen.tokens().size();
  observing.end();
  observing.end();
  for (int i = 0; i < 1000; ++i) quick(i).get();
  EXPECT_EQ(seen.tokens().size(), before);
  log again;
  {
    const auto second = system.observe(again.observer());
    quick(1).get();
  }
  quick(1).get();
  EXPECT_EQ(again.tokens().size(), 1u);
}

TEST_F(observe, an_observer_hears_of_the_tokens_of_its_coordinator_only) {
  auto& first = start_observed(small(1, 1, 8));
  coordinator other(small(1, 1, 8));
  other.start();
  {
    const coordinator::scope meant(other);
    quick(1).get();
  }
  EXPECT_TRUE(seen.tokens().empty());
  const coordinator::scope meant(first);
  quick(1).get();
  EXPECT_EQ(seen.tokens().size(), 1u);
}

TEST_F(observe, it_goes_on_after_a_restart_and_ends_with_the_coordinator) {
  log all;
  observation outlives;
  {
    coordinator system(small(1, 1, 8));
    outlives = system.observe(all.observer());
    system.start();
    quick(1).get();
    system.stop();
    system.start();
    quick(1).get();
    system.stop();
  }
  EXPECT_EQ(all.tokens().size(), 2u);
  coordinator next(small(1, 1, 8));  // may get the number of the one before
  next.start();
  quick(1).get();
  EXPECT_EQ(all.tokens().size(), 2u);
}

TEST_F(observe, one_that_throws_harms_nobody) {
  auto& system = start_observed(small(2, 2, 4));
  const auto bad = system.observe([](const state_change&) { throw std::runtime_error("I do not like this"); });
  std::vector<token<int>> tokens;
  for (int i = 0; i < 200; ++i) tokens.push_back(quick(i));
  gather(std::move(tokens));
  EXPECT_GE(bad.failures(), 600u);
  EXPECT_EQ(observing.failures(), 0u);
  EXPECT_EQ(seen.tokens().size(), 200u);
}

TEST_F(observe, one_may_look_around_and_kill) {
  auto& system = start(small(1, 1, 2));
  std::atomic<std::uint64_t> looks{0};
  const auto looking = system.observe([&](const state_change& change) {
    looks += system.statistics().size() + system.statistics_of_cores().size() + system.recent().size() +
             system.tokens().size();
    if (change.operation == "waits_for_ever" && change.to == executing) system.kill(change.token, "by its observer");
  });
  auto doomed = waits_for_ever();
  EXPECT_THROW(doomed.get(), token_killed);
  block_the_core();
  std::vector<token<int>> tokens;
  for (int i = 0; i < 10; ++i) tokens.push_back(quick(i));
  tokens.back().kill();
  tokens.pop_back();
  lift();
  gather(std::move(tokens));
  EXPECT_GT(looks.load(), 0u);
}

TEST_F(observe, one_may_end_itself) {
  auto& system = start(small(2, 2, 8));
  std::atomic<int> calls{0};
  std::mutex mutex;
  std::optional<observation> own;
  {
    const std::scoped_lock lock(mutex);
    own = system.observe([&](const state_change&) {
      const std::scoped_lock inner(mutex);
      ++calls;
      own->end();
    });
  }
  for (int i = 0; i < 20; ++i) quick(i).get();
  EXPECT_EQ(calls.load(), 1);
}

TEST_F(observe, an_empty_function_is_refused) {
  auto& system = start(small(1, 1, 8));
  EXPECT_THROW(static_cast<void>(system.observe(nullptr)), misuse);
}

TEST_F(observe, observers_come_and_go_under_load) {
  auto& system = start(small(2, 2, 8));
  std::atomic<bool> stop{false};
  std::thread load([&] {
    while (!stop.load()) family(4).get();
  });
  for (int round = 0; round < 200; ++round) {
    // The log is gone right after the observation: a late call would be seen by the sanitizers.
    auto all = std::make_unique<log>();
    auto watching = system.observe(all->observer());
    auto made = family(2);
    const auto id = made.id();
    made.get();
    watching.end();
    auto steps = all->of(id);
    std::erase(steps, waiting);
    EXPECT_EQ(steps, (path{created, admitted, executing, completed})) << "made after observe() had returned";
  }
  stop.store(true);
  load.join();
}

}  // namespace
}  // namespace tokengate
