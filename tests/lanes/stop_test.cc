// Stopping: first everything may end by itself, then what is left is killed, and nobody waits for ever.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/core/race.h>
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

int tree(int depth, int width) {
  std::vector<token<int>> children;
  for (int i = 0; depth > 0 && i < width; ++i) children.push_back(submit(tree, depth - 1, width));
  int sum = 1;
  for (auto& child : children) sum += child.get();
  return sum;
}

class stopping : public every_shape {};
INSTANTIATE_TEST_SUITE_P(on, stopping, all_shapes(), name_of_shape);

TEST_P(stopping, lets_everything_end_with_its_children) {
  auto& coordinator = start_shape();
  std::vector<token<int>> trees;
  for (int i = 0; i < 20; ++i) trees.push_back(submit(tree, 4, 3));
  std::atomic<int> detached{0};
  for (int i = 0; i < 20; ++i)
    submit([&] {
      this_token::yield();
      submit([&] { detached.fetch_add(1); }).detach();
    }).detach();
  EXPECT_EQ(coordinator.stop().killed, 0u);
  EXPECT_EQ(detached, 20);
  for (auto& each : trees) {
    EXPECT_EQ(each.state(), token_state::completed);
    EXPECT_EQ(each.get(), 121);
  }
}

TEST_P(stopping, at_once_kills_what_is_queued_and_unwinds_what_waits) {
  auto& coordinator = start_shape();
  gate closed_for_ever;
  constexpr int count = 60;
  std::atomic<int> unwound{0}, went_on{0};
  std::vector<token<void>> tokens;
  // Each waits at the gate, in a chain of tokens that wait for it, or behind a sleep.
  for (int i = 0; i < count; ++i)
    tokens.push_back(submit([&, i, argument = tracked()] {
      const struct unwinding {
        ~unwinding() { counted->fetch_add(1); }
        std::atomic<int>* counted;
      } guard{&unwound};
      if (i % 3 == 0) closed_for_ever.pass();
      if (i % 3 == 1) submit([&] { submit([&] { closed_for_ever.pass(); }).get(); }).get();
      if (i % 3 == 2) this_token::sleep_for(24h);
      went_on.fetch_add(1);
    }));
  std::vector<std::jthread> threads;
  std::atomic<int> released{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      EXPECT_THROW(tokens[static_cast<std::size_t>(i)].get(), token_killed);
      released.fetch_add(1);
    });
  EXPECT_TRUE(eventually([&] { return closed_for_ever.waiting() >= 1; }));
  const auto report = coordinator.stop(0ns);
  threads.clear();
  EXPECT_EQ(released, 4);
  EXPECT_EQ(went_on, 0);
  EXPECT_GE(report.killed, std::uint64_t{count}) << "and their children";
  for (std::size_t i = 4; i < tokens.size(); ++i) {
    EXPECT_EQ(tokens[i].state(), token_state::killed) << "also who waited for a token that was killed";
    try {
      tokens[i].get();
      ADD_FAILURE();
    } catch (const token_killed& killed) {
      EXPECT_NE(std::string(killed.what()).find("coordinator stopped"), std::string::npos) << killed.what();
    }
  }
  EXPECT_EQ(closed_for_ever.waiting(), 0u);
  std::uint64_t killed = 0;
  for (const auto& operation : coordinator.statistics()) killed += operation.killed;
  EXPECT_EQ(killed, report.killed);
}

TEST_P(stopping, by_destruction_drains_as_long_as_the_options_say) {
  auto wanted = shape();
  wanted.drain_for = 0ns;
  gate closed_for_ever;
  std::vector<token<void>> tokens;
  {
    coordinator short_lived(wanted);
    short_lived.start();
    for (int i = 0; i < 50; ++i) tokens.push_back(submit([&] { closed_for_ever.pass(); }));
  }
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_killed);
  {
    coordinator patient(shape());
    patient.start();
    for (auto& each : tokens) each = submit([] { this_token::sleep_for(1ms); });
  }
  for (auto& each : tokens) each.get();
}

TEST_P(stopping, while_threads_submit_gives_every_token_an_end) {
  constexpr int threads = 3;
  auto wanted = shape();
  wanted.max_waiting = 3;
  for (int round = 0; round < 5; ++round) {
    coordinator stopped(wanted);
    stopped.start();
    std::atomic<int> submitting{0}, completed{0}, killed{0}, refused{0}, submitted{0};
    std::atomic<std::uint64_t> ran{0};
    const coordinator::scope meant(stopped);
    testing::together(threads + 1, [&](int index) {
      if (index == threads) {
        while (submitting < threads) std::this_thread::yield();
        stopped.stop(round % 2 == 0 ? 0ns : 24h);
        return;
      }
      const coordinator::scope meant_here(stopped);
      std::vector<token<void>> tokens;
      try {
        for (;;) {
          tokens.push_back(submit(tags{static_cast<weight>(index)}, [&ran] { ran.fetch_add(1); }));
          if (tokens.size() == 100) submitting.fetch_add(1);
        }
      } catch (const coordinator_stopped&) {
        refused.fetch_add(1);
      }
      if (tokens.size() < 100) submitting.fetch_add(1);
      submitted.fetch_add(static_cast<int>(tokens.size()));
      for (auto& each : tokens) {
        try {
          each.get();
          completed.fetch_add(1);
        } catch (const token_killed&) {
          killed.fetch_add(1);
        }
      }
    });
    EXPECT_EQ(refused, threads);
    EXPECT_EQ(completed + killed, submitted);
    EXPECT_EQ(static_cast<std::uint64_t>(completed), ran) << "a killed token did not run, a completed one did";
  }
}

class stop : public runtime_test {};

TEST_F(stop, and_start_again_while_threads_submit_gives_every_token_an_end) {
  constexpr int threads = 2;
  auto wanted = small(2, 2, 2);
  wanted.max_waiting = 3;
  coordinator restarted(wanted);
  restarted.start();
  std::atomic<bool> over{false};
  std::atomic<int> completed{0}, killed{0}, submitted{0};
  testing::together(threads + 1, [&](int index) {
    const coordinator::scope meant(restarted);
    if (index == threads) {
      for (int round = 0; round < 10; ++round) {
        const int before = completed;
        EXPECT_TRUE(eventually([&] { return completed > before; }));
        restarted.stop(round % 2 == 0 ? 0ns : 24h);
        restarted.start();
      }
      over = true;
      return;
    }
    std::vector<token<void>> tokens;
    while (!over) {
      try {
        for (int i = 0; i < 20; ++i) {
          tokens.push_back(submit([] {}));
          submitted.fetch_add(1);
        }
      } catch (const coordinator_stopped&) {
        std::this_thread::yield();
      }
      for (auto& each : tokens) {
        try {
          each.get();
          completed.fetch_add(1);
        } catch (const token_killed&) {
          killed.fetch_add(1);
        }
      }
      tokens.clear();
    }
  });
  EXPECT_EQ(completed + killed, submitted);
  restarted.stop();
}

TEST_F(stop, releases_threads_that_wait_at_a_full_gate) {
  auto wanted = small(1, 1, 1);
  wanted.max_waiting = 1;
  auto& coordinator = start(wanted);
  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  // Of two weights, so that one thread finds others waiting at its gate and one finds only the slots taken.
  std::vector<token<void>> taken;
  for (const auto each : {weight::light, weight::light, weight::heavy}) taken.push_back(submit(tags{each}, [] {}));
  std::atomic<int> began{0}, refused{0};
  std::vector<std::jthread> threads;
  for (const auto each : {weight::light, weight::heavy, weight::medium, weight::medium, weight::light})
    threads.emplace_back([&, each] {
      const coordinator::scope meant(coordinator);
      began.fetch_add(1);
      try {
        std::vector<token<void>> mine;
        for (int i = 0; i < 3; ++i) mine.push_back(submit(tags{each}, [] {}));
        for (auto& one : mine) one.wait();  // ends, however
      } catch (const coordinator_stopped&) {
        refused.fetch_add(1);
      }
    });
  EXPECT_TRUE(eventually([&] { return began == 5; }));
  std::jthread lifts([&] {
    EXPECT_TRUE(eventually([&] { return refused == 5; })) << "while the core is still busy";
    busy.lift();
  });
  coordinator.stop(0ns);
  threads.clear();
  lifts.join();
  holder.get();
  for (auto& each : taken) each.wait();
}

TEST_F(stop, lets_a_token_finish_that_computes_without_waiting) {
  auto& coordinator = start(small(1, 1, 8));
  blockade busy;
  auto computes = submit([&] {
    busy.hold();
    return 5;
  });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::jthread lifts([&] { busy.lift(); });
  coordinator.stop(0ns);
  EXPECT_EQ(computes.get(), 5);
}

TEST_F(stop, a_token_that_yields_for_ever_is_unwound) {
  auto& coordinator = start(small(1, 1, 8));
  std::atomic<bool> began{false};
  auto endless = submit([&] {
    for (;;) {
      began = true;
      this_token::yield();
    }
  });
  EXPECT_TRUE(eventually([&] { return began.load(); }));
  EXPECT_EQ(coordinator.stop(0ns).killed, 1u);
  EXPECT_THROW(endless.get(), token_killed);
}

TEST_F(stop, unwinding_is_not_swallowed_by_handlers_of_standard_exceptions) {
  auto& coordinator = start(small(1, 1, 8));
  gate closed_for_ever;
  std::atomic<bool> swallowed{false};
  auto stubborn = submit([&] {
    try {
      closed_for_ever.pass();
    } catch (const std::exception&) {
      swallowed = true;
    }
  });
  EXPECT_TRUE(eventually([&] { return closed_for_ever.waiting() == 1; }));
  coordinator.stop(0ns);
  EXPECT_THROW(stubborn.get(), token_killed);
  EXPECT_FALSE(swallowed);
}

TEST_F(stop, a_token_that_goes_on_after_being_unwound_is_unwound_again_at_its_next_wait) {
  auto& coordinator = start(small(1, 1, 8));
  gate closed_for_ever;
  int unwound = 0;
  auto stubborn = submit([&] {
    for (int i = 0; i < 3; ++i) {
      try {
        i == 0 ? closed_for_ever.pass() : this_token::sleep_for(24h);
      } catch (...) {
        ++unwound;
      }
    }
    return 5;
  });
  EXPECT_TRUE(eventually([&] { return closed_for_ever.waiting() == 1; }));
  coordinator.stop(0ns);
  EXPECT_EQ(unwound, 3);
  EXPECT_EQ(stubborn.get(), 5) << "it completed: state and result tell the truth";
}

TEST_F(stop, destructors_may_wait_while_they_are_unwound) {
  auto& coordinator = start(small(1, 1, 8));
  gate closed_for_ever;
  std::atomic<bool> waited{false};
  auto unwound = submit([&] {
    const struct waits_at_its_end {
      ~waits_at_its_end() {
        this_token::sleep_for(1ms);
        this_token::yield();
        waited->store(true);
      }
      std::atomic<bool>* waited;
    } guard{&waited};
    closed_for_ever.pass();
  });
  EXPECT_TRUE(eventually([&] { return closed_for_ever.waiting() == 1; }));
  coordinator.stop(0ns);
  EXPECT_TRUE(waited);
  EXPECT_THROW(unwound.get(), token_killed);
}

TEST_F(stop, a_killed_token_is_no_failure) {
  auto& coordinator = start(small(1, 1, 8));
  gate closed_for_ever;
  for (int i = 0; i < 10; ++i) submit([&] { closed_for_ever.pass(); }).detach();
  EXPECT_TRUE(eventually([&] { return closed_for_ever.waiting() == 10; }));
  EXPECT_EQ(coordinator.stop(0ns).killed, 10u);
  EXPECT_EQ(coordinator.statistics().back().failures, 0u);
}

TEST_F(stop, tokens_that_wait_for_a_permit_are_killed) {
  auto wanted = small(2, 2, 8);
  wanted.storage.slow = 1;
  auto& coordinator = start(wanted);
  gate closed_for_ever;
  std::vector<token<void>> tokens;
  for (int i = 0; i < 20; ++i) tokens.push_back(submit(tags{storage_speed::slow}, [&] { closed_for_ever.pass(); }));
  EXPECT_TRUE(eventually([&] { return coordinator.statistics_of(storage_speed::slow).waiting >= 1; }));
  EXPECT_EQ(coordinator.stop(0ns).killed, 20u);
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_killed);
}

}  // namespace
}  // namespace tokengate
