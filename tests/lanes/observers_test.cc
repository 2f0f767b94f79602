// Observers themselves: when they begin and end, and what they may do.
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
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
using testing::log;
using testing::path;
using enum token_state;

TOKENGATE_OPERATION(int, quick, (int x)) { return x; }
TOKENGATE_OPERATION(void, waits_for_ever, ()) {
  for (;;) this_token::sleep_for(1h);
}
TOKENGATE_OPERATION(int, family, (int depth), external_calls{"family", quick}) {
  if (depth == 0) return quick(1).get();
  auto left = family(depth - 1), right = family(depth - 1);
  return left.get() + right.get();
}
TOKENGATE_APPLICATION(observers_application);

class observers : public testing::observed_test {};

TEST_F(observers, nobody_is_told_after_the_end) {
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

TEST_F(observers, an_observer_hears_of_the_tokens_of_its_coordinator_only) {
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

TEST_F(observers, it_goes_on_after_a_restart_and_ends_with_the_coordinator) {
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

TEST_F(observers, one_that_throws_harms_nobody) {
  auto& system = start_observed(small(2, 2, 4));
  const auto bad = system.observe([](const state_change&) { throw std::runtime_error("I do not like this"); });
  std::vector<token<int>> tokens;
  for (int i = 0; i < 200; ++i) tokens.push_back(quick(i));
  gather(std::move(tokens));
  EXPECT_GE(bad.failures(), 600u);
  EXPECT_EQ(observing.failures(), 0u);
  EXPECT_EQ(seen.tokens().size(), 200u);
}

TEST_F(observers, one_may_look_around_and_kill) {
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

TEST_F(observers, one_may_end_itself) {
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

TEST_F(observers, an_empty_function_is_refused) {
  auto& system = start(small(1, 1, 8));
  EXPECT_THROW(static_cast<void>(system.observe(nullptr)), misuse);
}

TEST_F(observers, observers_come_and_go_under_load) {
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

TEST_F(observers, one_may_look_around_when_large_tokens_are_killed_by_id) {
  auto& system = start(small(1, 1, 64));
  std::atomic<std::uint64_t> looks{0};
  const auto looking = system.observe([&](const state_change& change) {
    if (change.to != killed) return;
    looks += system.tokens().size() + 1;
    // Large ones are kept in another place, under another lock.
    submit([room = std::array<char, 4000>{}] { static_cast<void>(room); }).detach();
  });
  block_the_core();
  std::vector<token<void>> large;
  for (int i = 0; i < 4; ++i) large.push_back(submit([room = std::array<char, 4000>{}] { static_cast<void>(room); }));
  EXPECT_TRUE(system.kill(large[1].id()));
  EXPECT_EQ(large[1].state(), killed);
  EXPECT_GE(looks.load(), 4u);
  EXPECT_GE(system.kill_operation("submit"), 3u);
  lift();
  for (auto& each : large) EXPECT_THROW(each.get(), token_killed);
}

}  // namespace
}  // namespace tokengate
