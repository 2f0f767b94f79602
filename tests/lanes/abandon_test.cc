// Stopping although a token will not stop: who waits is let go, the report names it, everything else ends.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
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
using testing::tracked;
using testing::why;

TOKENGATE_OPERATION(void, stubborn, (blockade * wall, tracked)) { wall->hold(); }
TOKENGATE_APPLICATION(abandon_application);

/// Not runtime_test: what is abandoned is not in the books.
class abandoning : public ::testing::TestWithParam<unsigned> {
 protected:
  options shape() const {
    options wanted;
    wanted.cores = GetParam();
    wanted.workers = 2;
    wanted.cancel_for = 5ms;
    return wanted;
  }
  void TearDown() override {
    wall.lift();
    EXPECT_TRUE(eventually([&] { return tracked::live() == 0; })) << "an abandoned token ends and is forgotten";
  }
  blockade wall;
};
INSTANTIATE_TEST_SUITE_P(cores, abandoning, ::testing::Values(1u, 2u, 4u));

TEST_P(abandoning, reports_the_token_and_lets_all_who_wait_go) {
  coordinator system(shape());
  system.start();
  auto token = stubborn(&wall, tracked());
  const auto id = token.id();
  EXPECT_TRUE(eventually([&] { return wall.holding() == 1; }));
  std::atomic<bool> told{false};
  std::jthread waits([&] {
    const auto message = why<stop_abandoned>(token);
    EXPECT_NE(message.find("stubborn"), std::string::npos) << message;
    told = true;
  });
  const auto report = system.stop(0ns);
  waits.join();
  EXPECT_TRUE(told);
  ASSERT_GE(report.abandoned.size(), 1u);
  bool named = false;
  for (const auto& each : report.abandoned)
    if (each.id == id) {
      named = true;
      EXPECT_EQ(each.operation, "stubborn");
      EXPECT_EQ(each.state, token_state::executing);
      EXPECT_TRUE(each.stop_requested);
    }
  EXPECT_TRUE(named);
  EXPECT_FALSE(system.running());
}

TEST_P(abandoning, who_asks_later_is_told_as_well_until_it_has_ended) {
  coordinator system(shape());
  system.start();
  auto asked = stubborn(&wall, tracked());
  auto ends = submit([this] {
    wall.hold();
    return 3;
  });
  auto let_go = submit([this, argument = tracked()] { wall.hold(); });
  EXPECT_TRUE(eventually([&] { return wall.holding() >= 1; }));
  system.stop(0ns);
  EXPECT_TRUE(asked.wait_for(24h));
  asked.wait();
  let_go.detach();
  asked.wait();
  try {
    asked.get();
    ADD_FAILURE();
  } catch (const stop_abandoned&) {
  } catch (const token_killed&) {
  }
  wall.lift();
  EXPECT_TRUE(eventually([&] { return is_terminal(ends.state()); }));
  if (ends.state() == token_state::completed)
    EXPECT_EQ(ends.get(), 3);
  else
    EXPECT_THROW(ends.get(), token_killed);
}

TEST_P(abandoning, what_other_cores_run_and_what_is_queued_ends_or_is_let_go) {
  gate held;
  coordinator system(shape());
  system.start();
  auto token = stubborn(&wall, tracked());
  EXPECT_TRUE(eventually([&] { return wall.holding() == 1; }));
  std::vector<tokengate::token<void>> others;
  for (int i = 0; i < 20; ++i)
    others.push_back(submit([&, argument = tracked()] { submit([&] { held.pass(); }).get(); }));
  const auto report = system.stop(0ns);
  for (auto& each : others) {
    try {
      each.get();
      ADD_FAILURE() << "the gate is closed";
    } catch (const token_killed&) {
    } catch (const stop_abandoned&) {  // behind the stubborn one on its core
    }
  }
  EXPECT_THROW(token.get(), stop_abandoned);
  wall.lift();
  EXPECT_TRUE(eventually([&] { return held.waiting() == 0; }));
}

TEST_P(abandoning, leaves_the_coordinator_ready_for_another_start) {
  coordinator system(shape());
  for (int round = 0; round < 3; ++round) {
    system.start();
    EXPECT_EQ(submit([] { return 1; }).get(), 1);
    if (round == 1) {
      stubborn(&wall, tracked()).detach();
      EXPECT_TRUE(eventually([&] { return wall.holding() == 1; }));
    }
    const auto report = system.stop(0ns);
    EXPECT_EQ(report.abandoned.size(), round == 1 ? 1u : 0u) << round;
  }
}

TEST_P(abandoning, and_the_coordinators_end_do_not_end_the_token) {
  std::atomic<int> went_on{0};
  {
    coordinator system(shape());
    system.start();
    submit([&, argument = tracked()] {
      wall.hold();
      EXPECT_TRUE(this_token::stop_requested());
      went_on.fetch_add(1);
      try {
        submit([&] { went_on.fetch_add(10); }).get();
      } catch (...) {
        went_on.fetch_add(100);
        throw;
      }
    }).detach();
    EXPECT_TRUE(eventually([&] { return wall.holding() == 1; }));
    system.stop(0ns);
  }
  wall.lift();
  EXPECT_TRUE(eventually([&] { return went_on == 101; })) << went_on;
}

class patient_stop : public runtime_test {};

TEST_F(patient_stop, waits_for_a_token_that_stops_late) {
  auto wanted = small(2, 2, 16);
  wanted.cancel_for = 1min;
  auto& system = start(wanted);
  auto computes = submit([] {
    while (!this_token::stop_requested()) {
    }
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    return 1;
  });
  const auto report = system.stop(0ns);
  EXPECT_TRUE(report.abandoned.empty());
  computes.wait();
  EXPECT_EQ(report.killed, computes.state() == token_state::killed ? 1u : 0u);
}

}  // namespace
}  // namespace tokengate
