// Holding tokens back: all, or those of an operation; letting them go in order; draining.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
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
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::blockade;
using testing::eventually;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;
using testing::runtime_test;
using testing::tracked;
using testing::why;

std::atomic<std::uint64_t> begun_first{0}, begun_second{0};

TOKENGATE_OPERATION(void, first_kind, (tracked)) { begun_first.fetch_add(1); }
TOKENGATE_OPERATION(void, second_kind, (tracked)) { begun_second.fetch_add(1); }
TOKENGATE_OPERATION(void, anchored_kind, (tracked), sticky_anchor{"here"}, hash_policy::none) {
  begun_first.fetch_add(1);
}
TOKENGATE_OPERATION(int, numbered, (std::vector<int> * seen, int n)) {
  seen->push_back(n);
  return n;
}
TOKENGATE_APPLICATION(pause_application);

class pausing : public every_shape {
 protected:
  void SetUp() override {
    begun_first = begun_second = 0;
    start_shape();
  }
};
INSTANTIATE_TEST_SUITE_P(on, pausing, all_shapes(), name_of_shape);

TEST_P(pausing, lets_nothing_more_begin_from_the_instant_it_returns) {
  std::atomic<bool> done{false};
  std::vector<std::vector<token<void>>> tokens(3);
  std::vector<std::jthread> producers;
  const struct at_the_end {
    ~at_the_end() { *flag = true; }
    std::atomic<bool>* flag;
  } ends{&done};
  for (std::size_t i = 0; i < tokens.size(); ++i)
    producers.emplace_back([&, i] {
      while (!done && tokens[i].size() < 5000) {
        if (i == 0)
          tokens[i].push_back(first_kind(tracked()));
        else if (i == 1)
          tokens[i].push_back(second_kind(tracked()));
        else
          tokens[i].push_back(anchored_kind(tracked()));
        if (tokens[i].size() % 128 == 0) std::this_thread::yield();
      }
    });
  auto& coordinator = running();
  for (int round = 0; round < 6; ++round) {
    coordinator.pause();
    // Some had their turn already, but their core's thread has not come to their function yet.
    // First those that are executing, then how many have begun: one that ends in between is among the latter.
    std::uint64_t first = 0, second = 0;
    for (const auto& each : coordinator.tokens(1'000'000))
      if (each.state == token_state::executing) ++(each.operation == "second_kind" ? second : first);
    first += begun_first;
    second += begun_second;
    for (int i = 0; i < 20; ++i) std::this_thread::yield();
    ASSERT_LE(begun_first, first);
    ASSERT_LE(begun_second, second);
    first = begun_first;
    coordinator.pause("first_kind");
    coordinator.pause("anchored_kind");
    coordinator.resume();
    for (int i = 0; i < 20; ++i) std::this_thread::yield();
    ASSERT_LE(begun_first, first + running().cores());
    coordinator.resume("first_kind");
    coordinator.resume("anchored_kind");
    std::this_thread::yield();
  }
  done = true;
  producers.clear();
  for (auto& part : tokens)
    for (auto& each : part) each.get();
}

TEST_P(pausing, twice_is_once_and_resuming_what_runs_does_nothing) {
  auto& coordinator = running();
  coordinator.resume();
  coordinator.resume("first_kind");
  coordinator.pause();
  coordinator.pause();
  auto token = submit([] { return 1; });
  coordinator.resume();
  EXPECT_EQ(token.get(), 1);
  coordinator.pause("submit");
  coordinator.pause("submit");
  token = submit([] { return 2; });
  EXPECT_FALSE(token.wait_for(1us));
  EXPECT_EQ(token.state(), token_state::waiting);
  coordinator.resume("submit");
  EXPECT_EQ(token.get(), 2);
  EXPECT_THROW(coordinator.pause("no such name"), misuse);
  EXPECT_THROW(coordinator.resume("no such name"), misuse);
  EXPECT_THROW(submit([&] { coordinator.pause(); }).get(), misuse);
}

TEST_P(pausing, leaves_running_tokens_and_their_children_alone) {
  gate held;
  std::atomic<int> went_on{0};
  auto parent = submit([&] {
    held.pass();
    int sum = submit([] { return 1; }).get();
    std::vector<token<int>> children;
    for (int i = 0; i < 5; ++i)
      children.push_back(submit([] {
        this_token::yield();
        return submit([] { return 1; }).get_for(24h);
      }));
    for (const int one : gather(std::move(children))) sum += one;
    anchored_kind(tracked()).get();
    return sum;
  });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  running().pause();
  auto outside = submit([&] { went_on.fetch_add(1); });
  held.open();
  EXPECT_EQ(parent.get(), 6);
  EXPECT_EQ(went_on, 0);
  running().resume();
  outside.get();
}

TEST_P(pausing, a_kind_suspends_who_waits_for_it) {
  auto& coordinator = running();
  coordinator.pause("first_kind");
  std::vector<token<void>> parents;
  std::atomic<int> went_on{0};
  for (int i = 0; i < 6; ++i)
    parents.push_back(submit([&, i] {
      auto child = first_kind(tracked());
      auto other = second_kind(tracked());
      if (i % 3 == 0) child.get();
      if (i % 3 == 1) child.get_for(24h);
      if (i % 3 == 2) gather(std::move(child), std::move(other));
      went_on.fetch_add(1);
    }));
  auto from_outside = first_kind(tracked());
  EXPECT_TRUE(eventually([&] { return begun_second == 6 || sum(&core_statistics::suspensions) >= 6; }));
  EXPECT_EQ(submit([] { return 1; }).get(), 1) << "others go on";
  EXPECT_EQ(begun_first, 0u);
  EXPECT_EQ(went_on, 0);
  coordinator.resume("first_kind");
  for (auto& each : parents) each.get();
  from_outside.get();
  EXPECT_EQ(begun_first, 7u);
}

TEST_P(pausing, a_kind_holds_it_back_although_children_have_to_run_in_place) {
  auto wanted = shape();
  wanted.max_suspended = 1;
  gate held;
  start(wanted).pause("first_kind");
  // Two tokens are suspended on each core: what is spawned there now runs in place.
  std::vector<token<void>> suspended;
  for (unsigned i = 0; i < 16; ++i) suspended.push_back(submit([&] { held.pass(); }));
  EXPECT_TRUE(eventually([&] { return held.waiting() == 16; }));
  std::vector<token<void>> parents;
  for (unsigned i = 0; i < 16; ++i) parents.push_back(submit([] { first_kind(tracked()).detach(); }));
  for (auto& each : parents) each.get();
  EXPECT_EQ(begun_first, 0u);
  running().resume("first_kind");
  EXPECT_TRUE(eventually([&] { return begun_first == 16; }));
  held.open();
  for (auto& each : suspended) each.get();
}

TEST_P(pausing, what_is_held_back_can_be_killed) {
  auto& coordinator = running();
  gate held;
  std::atomic<std::uint64_t> child{0};
  coordinator.pause("first_kind");
  auto parent = submit([&] {
    auto made = first_kind(tracked());
    child = made.id();
    return why<token_killed>(made);
  });
  EXPECT_TRUE(eventually([&] { return child != 0 && sum(&core_statistics::suspensions) >= 1; }));
  EXPECT_TRUE(coordinator.kill(child, "not this one"));
  EXPECT_NE(parent.get().find("not this one"), std::string::npos);
  auto outside = first_kind(tracked());
  EXPECT_TRUE(outside.kill("nor that one"));
  EXPECT_NE(why<token_killed>(outside).find("nor that one"), std::string::npos);
  coordinator.pause();
  std::vector<token<void>> all;
  for (int i = 0; i < 20; ++i) all.push_back(i % 2 == 0 ? second_kind(tracked()) : anchored_kind(tracked()));
  EXPECT_TRUE(all[4].kill());
  EXPECT_TRUE(all[5].kill());
  EXPECT_EQ(coordinator.kill_all("all of them"), 18u);
  for (auto& each : all) EXPECT_THROW(each.get(), token_killed);
  coordinator.resume();
  coordinator.resume("first_kind");
  first_kind(tracked()).get();
  EXPECT_EQ(begun_first, 1u);
  EXPECT_EQ(begun_second, 0u);
}

TEST_P(pausing, drain_kills_what_waits_and_tells_how_many) {
  auto& coordinator = running();
  EXPECT_EQ(coordinator.drain(), 0u);
  coordinator.pause();
  coordinator.pause("second_kind");
  std::vector<token<void>> first, second, anchored;
  for (int i = 0; i < 10; ++i) {
    first.push_back(first_kind(tracked()));
    second.push_back(second_kind(tracked()));
    anchored.push_back(anchored_kind(tracked()));
  }
  EXPECT_TRUE(first[3].kill());
  EXPECT_EQ(coordinator.drain("first_kind"), 9u) << "one was killed already";
  for (auto& each : first) EXPECT_THROW(each.get(), token_killed);
  std::atomic<int> released{0};
  std::jthread waits([&] {
    for (auto& each : second) EXPECT_NE(why<token_killed>(each).find("drained"), std::string::npos);
    released = 1;
  });
  EXPECT_EQ(coordinator.drain(), 20u);
  waits.join();
  for (auto& each : anchored) EXPECT_THROW(each.get(), token_killed);
  EXPECT_EQ(coordinator.drain(), 0u);
  EXPECT_THROW(coordinator.drain("no such name"), misuse);
  coordinator.resume();
  coordinator.resume("second_kind");
  EXPECT_EQ(submit([] { return 1; }).get(), 1);
  EXPECT_EQ(sum(&operation_statistics::killed), 30u);
}

TEST_P(pausing, does_not_outlive_stop) {
  auto& coordinator = running();
  coordinator.pause();
  coordinator.pause("first_kind");
  std::vector<token<void>> held_back;
  for (int i = 0; i < 10; ++i) {
    held_back.push_back(first_kind(tracked()));
    held_back.push_back(second_kind(tracked()));
    held_back.push_back(anchored_kind(tracked()));
  }
  EXPECT_EQ(coordinator.stop().killed, 0u) << "it drains";
  for (auto& each : held_back) each.get();
  coordinator.start();
  first_kind(tracked()).get();
  EXPECT_EQ(begun_first, 21u);
}

/// Else stop() would wait for somebody to resume, for as long as it may drain.
TEST_P(pausing, does_nothing_once_stop_has_begun) {
  for (const bool one_kind : {false, true}) {
    auto& coordinator = start(shape());
    blockade wall;
    std::vector<token<void>> tokens;
    for (unsigned i = 0; i < coordinator.cores(); ++i) tokens.push_back(submit([&] { wall.hold(); }));
    EXPECT_TRUE(eventually([&] { return wall.holding() == static_cast<int>(coordinator.cores()); }));
    coordinator.pause("first_kind");
    auto held_back = first_kind(tracked());
    std::jthread stopper([&] { EXPECT_EQ(coordinator.stop(20s).killed, 0u) << "it drains"; });
    EXPECT_TRUE(eventually([&] { return sum(&core_statistics::waiting) + sum(&core_statistics::admitted) == 1; }))
        << "stop() has ended the pause";
    one_kind ? coordinator.pause("first_kind") : coordinator.pause();
    wall.lift();
    stopper.join();
    held_back.get();
  }
}

TEST_P(pausing, and_a_hard_stop_kills_what_is_held_back) {
  auto& coordinator = running();
  coordinator.pause();
  coordinator.pause("first_kind");
  std::vector<token<void>> held_back;
  for (int i = 0; i < 10; ++i) {
    held_back.push_back(first_kind(tracked()));
    held_back.push_back(second_kind(tracked()));
    held_back.push_back(anchored_kind(tracked()));
  }
  coordinator.stop(0ns);
  std::size_t killed = 0;
  for (auto& each : held_back) {
    each.wait();
    killed += each.state() == token_state::killed ? 1 : 0;
  }
  EXPECT_EQ(killed, sum(&operation_statistics::killed));
}

TEST_P(pausing, threads_that_wait_at_a_full_gate_go_on_after_it) {
  auto wanted = shape();
  wanted.max_waiting = 2;
  for (const bool one_kind : {false, true}) {
    auto& coordinator = start(wanted);
    one_kind ? coordinator.pause("first_kind") : coordinator.pause();
    std::vector<std::jthread> threads;
    std::atomic<int> inside{0}, ended{0};
    for (int i = 0; i < 6; ++i)
      threads.emplace_back([&] {
        auto token = first_kind(tracked());
        inside.fetch_add(1);
        token.get();
        ended.fetch_add(1);
      });
    EXPECT_TRUE(eventually([&] { return inside == 2; })) << inside;
    EXPECT_EQ(ended, 0);
    one_kind ? coordinator.resume("first_kind") : coordinator.resume();
    threads.clear();
    EXPECT_EQ(ended, 6);
  }
}

class order_after_a_pause : public runtime_test {};

TEST_F(order_after_a_pause, is_that_of_submission_for_one_producer_on_one_core) {
  for (const std::size_t mailbox : {1u, 2u, 16u}) {
    auto& coordinator = start(small(1, 1, mailbox));
    std::vector<int> seen;
    std::vector<token<int>> tokens;
    const auto more = [&] {
      for (int i = 0; i < 20; ++i) tokens.push_back(numbered(&seen, static_cast<int>(tokens.size())));
    };
    for (int round = 0; round < 20; ++round) {
      more();
      round % 2 == 0 ? coordinator.pause() : coordinator.pause("numbered");
      more();
      if (round % 3 == 0) {  // one pause after the other, overlapping
        round % 2 == 0 ? coordinator.pause("numbered") : coordinator.pause();
        more();
        round % 2 == 0 ? coordinator.resume() : coordinator.resume("numbered");
        more();
        round % 2 == 0 ? coordinator.resume("numbered") : coordinator.resume();
      } else {
        round % 2 == 0 ? coordinator.resume() : coordinator.resume("numbered");
      }
      more();
    }
    for (auto& each : tokens) each.wait();
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end())) << "mailbox of " << mailbox;
    EXPECT_EQ(seen.size(), tokens.size());
    if (!std::is_sorted(seen.begin(), seen.end())) {
      const auto at = std::is_sorted_until(seen.begin(), seen.end()) - seen.begin();
      ADD_FAILURE() << "at " << at << ": " << seen[static_cast<std::size_t>(at) - 1] << " before "
                    << seen[static_cast<std::size_t>(at)];
    }
  }
}

}  // namespace
}  // namespace tokengate
