// Killing tokens: which ones end, when, and what is told of it. What their own code sees of it: unwinding_test.cc.
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
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
#include <tokengate/io/blocking.h>
#include <tokengate/tests/lanes/stopping_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::held_at;
using testing::name_of_shape;
using testing::runtime_test;
using testing::stopping_test;
using testing::tracked;
using testing::why;

gate* doomed_waits_at = nullptr;

TOKENGATE_OPERATION(void, doomed, (tracked)) { doomed_waits_at->pass(); }
TOKENGATE_OPERATION(void, spared, (tracked)) { doomed_waits_at->pass(); }
TOKENGATE_OPERATION(void, on_storage, (gate * at), storage_speed::slow) { at->pass(); }
TOKENGATE_APPLICATION(kill_application);

class killing : public stopping_test {
 protected:
  std::deque<gate> gates;  // for tokens that may begin when the test is over
};
INSTANTIATE_TEST_SUITE_P(on, killing, all_shapes(), name_of_shape);

TEST_P(killing, ends_queued_tokens_at_once) {
  blockade wall;
  auto busy = block_all_cores(wall);
  std::atomic<int> begun{0};
  std::vector<token<void>> queued;
  for (int i = 0; i < 30; ++i) queued.push_back(submit([&, argument = tracked()] { begun.fetch_add(1); }));
  for (int i = 0; i < 30; i += 2) {
    auto& one = queued[static_cast<std::size_t>(i)];
    EXPECT_TRUE(one.kill("not needed"));
    EXPECT_EQ(one.state(), token_state::killed);
    EXPECT_FALSE(one.kill("again"));
    const auto status = one.status();
    EXPECT_TRUE(status.stop_requested);
    EXPECT_EQ(status.reason, "not needed");
    const auto id = one.id();
    const auto message = why<token_killed>(one);
    EXPECT_NE(message.find("not needed"), std::string::npos) << message;
    EXPECT_NE(message.find(std::to_string(id)), std::string::npos) << message;
  }
  EXPECT_EQ(sum(&operation_statistics::killed), 15u);
  wall.lift();
  for (int i = 1; i < 30; i += 2) queued[static_cast<std::size_t>(i)].get();
  for (auto& each : busy) each.get();
  EXPECT_EQ(begun, 15);
  EXPECT_EQ(sum(&operation_statistics::killed), 15u);
  EXPECT_EQ(ended(), 30u + running().cores());
}

TEST_P(killing, a_queued_token_without_a_handle_frees_what_it_held) {
  blockade wall;
  auto busy = block_all_cores(wall);
  for (int i = 0; i < 30; ++i) submit([argument = tracked()] { ADD_FAILURE() << "it was killed"; }).detach();
  EXPECT_EQ(running().kill_all(), 30u + running().cores());
  wall.lift();
  for (auto& each : busy) each.get();  // computed on to the end
  EXPECT_TRUE(eventually([] { return tracked::live() == 0; }));
}

/// A token that waits for `held` in one of several ways.
using way = void (*)(gate& held);
constexpr std::array<way, 9> ways{
    [](gate& held) { held.pass(); },
    [](gate& held) { submit([&] { held.pass(); }).get(); },
    [](gate& held) { submit([&] { submit([&] { held.pass(); }).get(); }).get(); },
    [](gate& held) { gather(submit([&] { held.pass(); }), submit([] {}), submit([&] { held.pass(); })); },
    [](gate& held) {
      std::vector<token<void>> all;
      for (int i = 0; i < 3; ++i) all.push_back(submit([&] { held.pass(); }));
      static_cast<void>(wait_any(all));
    },
    [](gate& held) { submit([&] { held.pass(); }).get_for(24h); },
    [](gate& held) {
      std::vector<token<void>> all;
      for (int i = 0; i < 3; ++i) all.push_back(submit([&] { held.pass(); }));
      static_cast<void>(gather(return_exceptions, std::move(all)));
    },
    [](gate& held) {
      const auto child = submit([&] { held.pass(); });
      child.wait();
    },
    [](gate& held) { submit(tags{storage_speed::fast}, [&] { held.pass(); }).get(); },
};

TEST_P(killing, ends_every_wait_and_what_is_waited_for) {
  for (std::size_t i = 0; i < ways.size(); ++i) {
    gate& held = gates.emplace_back();
    std::atomic<bool> went_on{false};
    auto waits = submit([&, i, argument = tracked()] {
      ways[i](held);
      went_on = true;
    });
    ASSERT_TRUE(eventually([&] { return held.waiting() != 0; })) << i;
    EXPECT_TRUE(waits.kill("enough"));
    EXPECT_NE(why<token_killed>(waits).find("enough"), std::string::npos) << i;
    EXPECT_FALSE(went_on) << i;
    EXPECT_TRUE(held_at(held, 0)) << i << ": what it waited for";
  }
  EXPECT_GE(sum(&core_statistics::cancelled_waits), ways.size());
}

TEST_P(killing, ends_sleep_and_yield) {
  std::atomic<int> begun{0}, went_on{0};
  std::vector<token<void>> tokens;
  tokens.push_back(submit([&] {
    begun.fetch_add(1);
    this_token::sleep_for(24h);
    went_on.fetch_add(1);
  }));
  tokens.push_back(submit([&] {
    begun.fetch_add(1);
    for (;;) this_token::yield();
  }));
  EXPECT_TRUE(eventually([&] { return begun == 2; }));
  for (auto& each : tokens) EXPECT_TRUE(each.kill());
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_killed);
  EXPECT_EQ(went_on, 0);
}

TEST_P(killing, waits_for_a_blocking_call_that_has_begun) {
  std::atomic<bool> begun{false}, may_end{false};
  std::atomic<bool> ended{false};
  auto calls = submit([&] {
    io::blocking([&] {
      begun = true;
      may_end.wait(false);
      ended = true;
    });
    this_token::sleep_for(24h);
  });
  EXPECT_TRUE(eventually([&] { return begun.load(); }));
  EXPECT_TRUE(calls.kill());
  EXPECT_EQ(submit([] { return 1; }).get(), 1);
  EXPECT_EQ(calls.state(), token_state::executing) << "the call uses what lies on its stack";
  may_end = true;
  may_end.notify_all();
  EXPECT_THROW(calls.get(), token_killed);
  EXPECT_TRUE(ended);
}

TEST_P(killing, gives_storage_permits_back) {
  running().set_storage_limit(storage_speed::slow, 1);
  gate held, open;
  open.open();
  auto holds = on_storage(&held);
  EXPECT_TRUE(held_at(held));
  auto second = on_storage(&held), third = on_storage(&open);
  EXPECT_TRUE(eventually([&] { return running().statistics_of(storage_speed::slow).waiting == 2; }));
  EXPECT_TRUE(second.kill()) << "waits for its permit";
  EXPECT_THROW(second.get(), token_killed);
  EXPECT_TRUE(holds.kill());
  EXPECT_THROW(holds.get(), token_killed);
  third.get();
  // And while it takes a permit again that it lent to its child.
  gate child_held;
  auto parent = submit(tags{storage_speed::slow}, [&] { submit([&] { child_held.pass(); }).get(); });
  EXPECT_TRUE(held_at(child_held));
  auto in_between = on_storage(&held);
  EXPECT_TRUE(held_at(held));
  child_held.open();
  EXPECT_TRUE(eventually([&] { return running().statistics_of(storage_speed::slow).waiting == 1; }));
  EXPECT_TRUE(parent.kill());
  parent.wait();
  EXPECT_TRUE(in_between.kill());
  in_between.wait();
  on_storage(&open).get();
  EXPECT_EQ(running().statistics_of(storage_speed::slow).held, 0u);
}

TEST_P(killing, by_id_by_operation_or_all) {
  gate held;
  doomed_waits_at = &held;
  constexpr std::size_t each_kind = 12;
  std::vector<token<void>> first, second, third;
  for (std::size_t i = 0; i < each_kind; ++i) {
    first.push_back(doomed(tracked()));
    second.push_back(spared(tracked()));
    third.push_back(submit([&, argument = tracked()] { held.pass(); }));
  }
  auto& coordinator = running();
  EXPECT_TRUE(coordinator.kill(second[3].id(), "that one"));
  EXPECT_FALSE(coordinator.kill(second[3].id())) << "it was asked already";
  EXPECT_NE(why<token_killed>(second[3]).find("that one"), std::string::npos);
  EXPECT_FALSE(coordinator.kill(0));
  EXPECT_FALSE(coordinator.kill(~std::uint64_t{0} >> 8));
  EXPECT_EQ(coordinator.kill_operation("doomed", "that kind"), each_kind);
  EXPECT_EQ(coordinator.kill_operation("doomed"), 0u);
  for (auto& each : first) EXPECT_NE(why<token_killed>(each).find("that kind"), std::string::npos);
  EXPECT_THROW(coordinator.kill_operation("no such name"), misuse);
  EXPECT_EQ(coordinator.kill_operation("submit"), each_kind);
  for (auto& each : third) EXPECT_THROW(each.get(), token_killed);
  EXPECT_EQ(coordinator.kill_all("the rest"), each_kind - 1);
  for (auto& each : second)
    if (each.valid()) {
      EXPECT_NE(why<token_killed>(each).find("the rest"), std::string::npos);
    }
  EXPECT_EQ(coordinator.kill_all(), 0u);
  EXPECT_EQ(sum(&operation_statistics::killed), 3 * each_kind);
  EXPECT_EQ(submit([] { return 1; }).get(), 1) << "what comes later is not meant";
}

TEST_P(killing, ends_large_tokens_by_id_while_they_are_queued) {
  blockade wall;
  auto busy = block_all_cores(wall);
  std::vector<token<void>> large;
  for (int i = 0; i < 4; ++i)
    large.push_back(submit([argument = tracked(), room = std::array<char, 4000>{}] { static_cast<void>(room); }));
  EXPECT_TRUE(running().kill(large[2].id()));
  EXPECT_TRUE(large[1].kill());
  EXPECT_EQ(large[1].state(), token_state::killed);
  EXPECT_EQ(large[2].state(), token_state::killed) << "as token::kill does it";
  wall.lift();
  EXPECT_THROW(large[2].get(), token_killed);
  EXPECT_THROW(large[1].get(), token_killed);
  large[0].get();
  large[3].get();
  for (auto& each : busy) each.get();
}

TEST_P(killing, a_token_that_ends_by_itself_tells_the_truth) {
  for (const bool throws : {false, true}) {
    std::atomic<bool> begun{false};
    auto computes = submit([&] {
      begun = true;
      while (!this_token::stop_requested()) {
      }
      if (throws) throw std::runtime_error("on its own account");
      return 7;
    });
    EXPECT_TRUE(eventually([&] { return begun.load(); }));
    EXPECT_TRUE(computes.kill());
    EXPECT_FALSE(computes.kill());
    computes.wait();
    EXPECT_EQ(computes.state(), throws ? token_state::failed : token_state::completed);
    EXPECT_FALSE(computes.kill("too late"));
    EXPECT_FALSE(running().kill(computes.id()));
    if (throws)
      EXPECT_THROW(computes.get(), std::runtime_error);
    else
      EXPECT_EQ(computes.get(), 7);
  }
  EXPECT_EQ(sum(&operation_statistics::killed), 0u);
  EXPECT_EQ(sum(&operation_statistics::failures), 1u);
}

TEST_P(killing, one_that_has_ended_changes_nothing) {
  auto done = submit([] { return 3; });
  done.wait();
  EXPECT_FALSE(done.kill("too late"));
  EXPECT_FALSE(running().kill(done.id()));
  EXPECT_FALSE(done.status().stop_requested);
  EXPECT_EQ(done.state(), token_state::completed);
  EXPECT_EQ(done.get(), 3);
}

TEST_P(killing, from_another_token_and_of_oneself) {
  gate held;
  auto victim = submit([&] { held.pass(); });
  EXPECT_TRUE(held_at(held));
  submit([&] { EXPECT_TRUE(victim.kill("by a colleague")); }).get();
  EXPECT_NE(why<token_killed>(victim).find("by a colleague"), std::string::npos);

  std::atomic<bool> went_on{false}, slept{false};
  auto& coordinator = running();
  auto suicide = submit([&] {
    EXPECT_TRUE(coordinator.kill(this_token::id(), "tired"));
    EXPECT_TRUE(this_token::stop_requested());
    went_on = true;
    this_token::sleep_for(1ns);
    slept = true;
  });
  EXPECT_NE(why<token_killed>(suicide).find("tired"), std::string::npos);
  EXPECT_TRUE(went_on);
  EXPECT_FALSE(slept);
}

TEST_P(killing, the_first_reason_counts) {
  gate held;
  auto token = submit([&] { held.pass(); });
  std::vector<std::jthread> threads;
  std::atomic<int> won{-1}, wins{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      if (!token.kill("reason " + std::to_string(i))) return;
      won = i;
      wins.fetch_add(1);
    });
  threads.clear();
  EXPECT_EQ(wins, 1);
  const auto message = why<token_killed>(token);
  EXPECT_NE(message.find("reason " + std::to_string(won)), std::string::npos) << message;
}

TEST_P(killing, a_thread_that_waits_goes_on_while_every_core_is_busy) {
  blockade wall;
  auto busy = block_all_cores(wall);
  auto queued = submit([] {});
  std::atomic<bool> about_to_wait{false};
  std::jthread waits([&] {
    about_to_wait = true;
    EXPECT_THROW(queued.get(), token_killed);
  });
  EXPECT_TRUE(eventually([&] { return about_to_wait.load(); }));
  EXPECT_EQ(running().kill_operation("submit"), 1u + running().cores());
  waits.join();
  wall.lift();
  for (auto& each : busy) each.get();
}

class killed_early : public runtime_test {};

// Children that find no room are run where they are made; an observer kills them just before.
TEST_F(killed_early, before_it_runs_where_it_was_made_it_never_does) {
  auto wanted = small(1, 1, 16);
  wanted.max_waiting = 1;
  auto& coordinator = start(wanted);
  std::atomic<int> asked{0};
  std::atomic<int> ran{0};
  std::atomic<std::uint64_t> parent_id{0};
  const auto watching = coordinator.observe([&](const state_change& change) {
    if (change.to == token_state::admitted && parent_id != 0 && change.token != parent_id)
      asked += coordinator.kill(change.token, "too early") ? 1 : 0;
  });
  auto parent = submit([&] {
    parent_id = this_token::id();
    std::vector<token<void>> children;
    for (int i = 0; i < 10; ++i) children.push_back(submit([&] { ran.fetch_add(1); }));
    for (auto& each : children) each.wait();
    for (auto& each : children) EXPECT_EQ(each.state(), token_state::killed);
  });
  parent.get();
  EXPECT_EQ(asked, 10);
  EXPECT_EQ(ran, 0);
}

// Handles outlast their coordinator, and may be killed at any moment.
TEST_F(killed_early, or_late_a_kill_meets_a_coordinator_that_ends) {
  for (int round = 0; round < 200; ++round) {
    std::vector<token<void>> tokens;
    auto short_lived = std::make_unique<coordinator>(small(2, 1, 4));
    short_lived->start();
    for (int i = 0; i < 20; ++i) tokens.push_back(submit([] { this_token::yield(); }));
    std::atomic<bool> killing{false};
    const std::jthread killer([&] {
      for (auto& each : tokens) {
        each.kill();
        killing = true;
      }
    });
    while (!killing) std::this_thread::yield();
    short_lived.reset();
  }
}

}  // namespace
}  // namespace tokengate
