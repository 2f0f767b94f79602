// How many workers of a core may be busy follows from what tokens wait for: what it does, and what is told.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/lanes/convergence.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::runtime_test;
using enum convergence_verdict;

TOKENGATE_OPERATION(void, set_flag, (std::atomic<bool> * flag)) { *flag = true; }
/// Asks again and again whether its child, which must run on the same core, has done its work.
TOKENGATE_OPERATION(void, asks_for_its_child, (int), external_calls{set_flag}) {
  std::atomic<bool> done{false};
  auto child = set_flag(&done);
  while (!done) this_token::yield();
  child.get();
}
TOKENGATE_APPLICATION(convergence_application);

class convergence : public runtime_test {
 protected:
  static options quick(unsigned workers, unsigned max_workers) {
    options wanted = small(1, workers, 64);
    wanted.max_workers = max_workers;
    wanted.converge_every = 1ms;
    wanted.converge_wait = 1ms;
    wanted.watch_every = 1ms;  // when the cores sleep, too
    return wanted;
  }
  /// Never more workers than at the beginning, whatever waits.
  static options lowering(unsigned workers, unsigned min_workers) {
    options wanted = quick(workers, 0);
    wanted.min_workers = min_workers;
    wanted.converge_wait = 24h;
    return wanted;
  }

  [[nodiscard]] convergence_status status(unsigned core = 0) const { return running().convergence().at(core); }
  /// So many more windows have passed.
  [[nodiscard]] bool pass(std::uint64_t windows) const {
    const auto until = status().windows + windows;
    return eventually([&] { return status().windows >= until; });
  }

  /// A token that has begun and takes turns with the others until it is released.
  token<void> yielding() {
    return submit([this] {
      begun_.fetch_add(1);
      while (!released_) this_token::yield();
    });
  }
  std::vector<token<void>> yielding(int count) {
    std::vector<token<void>> all;
    for (int i = 0; i < count; ++i) all.push_back(yielding());
    return all;
  }
  [[nodiscard]] unsigned begun() const { return begun_; }
  void release() { released_ = true; }

 private:
  std::atomic<unsigned> begun_{0};
  std::atomic<bool> released_{false};
};

TEST_F(convergence, more_tokens_begin_while_others_wait_for_a_worker) {
  start(quick(2, 5));
  auto all = yielding(10);
  EXPECT_TRUE(eventually([&] { return begun() == 5; }));
  EXPECT_TRUE(pass(20));
  EXPECT_EQ(begun(), 5u) << "no more than max_workers";
  convergence_status now;  // of a window in which the core's thread ran
  EXPECT_TRUE(eventually([&] { return (now = status()).verdict == too_few; }));
  EXPECT_EQ(now.workers, 5u);
  EXPECT_EQ(now.min_workers, 2u);
  EXPECT_EQ(now.max_workers, 5u);
  EXPECT_EQ(now.last.queued, 5u);
  EXPECT_EQ(now.verdict, too_few);
  EXPECT_TRUE(now.last.full && now.last.held_back);
  EXPECT_GT(now.last.utilisation, 0.5);
  EXPECT_GT(now.waits, 1ms);
  ASSERT_EQ(now.changes, 3u);
  ASSERT_EQ(now.last_changes.size(), 3u);
  const unsigned steps[] = {5, 4, 3, 2};  // newest first: 2 -> 3 -> 4 -> 5
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(now.last_changes[i].to, steps[i]);
    EXPECT_EQ(now.last_changes[i].from, steps[i + 1]);
    EXPECT_EQ(now.last_changes[i].why, too_few);
    EXPECT_GT(now.last_changes[i].at, 0s);
    if (i != 0) {
      EXPECT_LT(now.last_changes[i].at, now.last_changes[i - 1].at);
    }
  }
  release();
  for (auto& each : all) each.get();
  EXPECT_TRUE(eventually([&] { return status().workers == 2; })) << "and back";
  EXPECT_EQ(status().last_changes.front().why, spare);
}

TEST_F(convergence, bounds_that_leave_no_choice_are_kept) {
  start(quick(2, 2));
  auto all = yielding(10);
  EXPECT_TRUE(eventually([&] { return status().verdict == too_few && status().windows > 20; }));
  EXPECT_EQ(begun(), 2u);
  EXPECT_EQ(status().changes, 0u);
  release();
  for (auto& each : all) each.get();
}

TEST_F(convergence, without_it_the_number_stays) {
  auto wanted = quick(2, 5);
  wanted.convergence = false;
  start(wanted);
  std::atomic<int> turns{0};
  auto counts = submit([&] {
    while (++turns < 100'000) this_token::yield();
  });
  auto all = yielding(10);
  counts.get();
  EXPECT_EQ(status().windows, 0u);
  EXPECT_EQ(status().workers, 2u);
  EXPECT_LE(begun(), 2u);
  release();
  for (auto& each : all) each.get();
}

TEST_F(convergence, fewer_workers_take_effect) {
  start(lowering(3, 1));
  EXPECT_TRUE(eventually([&] { return status().workers == 1; }));
  auto all = yielding(5);
  EXPECT_TRUE(eventually([&] { return begun() == 1; }));
  EXPECT_TRUE(pass(20));
  EXPECT_EQ(begun(), 1u);
  EXPECT_EQ(status().workers, 1u);
  EXPECT_EQ(status().changes, 2u);
  release();
  for (auto& each : all) each.get();
}

TEST_F(convergence, workers_that_come_back_from_waits_rest_when_there_are_too_many) {
  start(lowering(4, 1));
  gate held;
  std::atomic<bool> go_on{false};
  std::vector<token<void>> back;
  for (int i = 0; i < 4; ++i)
    back.push_back(submit([&] {
      held.pass();
      while (!go_on) this_token::yield();
    }));
  EXPECT_TRUE(eventually([&] { return held.waiting() == 4 && status().workers == 1; }));
  held.open();
  auto all = yielding(5);
  go_on = true;
  for (auto& each : back) each.get();
  EXPECT_TRUE(eventually([&] { return begun() == 1; }));
  EXPECT_TRUE(pass(20));
  EXPECT_EQ(begun(), 1u);
  release();
  for (auto& each : all) each.get();
}

TEST_F(convergence, tokens_that_ask_for_what_is_queued_behind_them_get_it) {
  auto wanted = quick(2, 0);
  wanted.lane = "priority";
  start(wanted);
  std::atomic<bool> done{false};
  const auto ask = [&] {
    while (!done) this_token::yield();
  };
  std::vector<token<void>> all;
  for (int i = 0; i < 4; ++i) all.push_back(submit(tags{weight::light}, ask));
  all.push_back(submit(tags{weight::heavy}, [&] { done = true; }));
  for (auto& each : all) each.get();
  EXPECT_GE(status().changes, 2u);
}

TEST_F(convergence, children_count_as_queued_wherever_they_are) {
  start(quick(1, 0));
  asks_for_its_child(1).get();  // bound to the core
  submit([] {
    std::atomic<bool> done{false};
    auto child = submit([&] { done = true; });
    while (!done) this_token::yield();
    child.get();
  }).get();
  EXPECT_GE(status().changes, 1u);
}

TEST_F(convergence, tokens_that_never_yield_get_no_more_workers) {
  start(quick(1, 0));
  blockade busy;
  auto holds = submit([&] { busy.hold(); });
  auto all = yielding(5);
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1 && status().verdict == elsewhere; }));
  EXPECT_TRUE(pass(20));
  EXPECT_EQ(status().workers, 1u);
  EXPECT_GE(status().last.queued, 5u);
  release();
  busy.lift();
  holds.get();
  for (auto& each : all) each.get();
}

TEST_F(convergence, light_tokens_alone_are_enough) {
  auto wanted = quick(4, 8);
  start(wanted);
  std::atomic<bool> over{false};
  std::vector<token<void>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(submit(tags{weight::light}, [&] {
      while (!over) this_token::yield();
    }));
  EXPECT_TRUE(eventually([&] { return status().workers == 8; }));
  over = true;
  for (auto& each : all) each.get();
}

TEST_F(convergence, what_is_paused_asks_for_no_workers) {
  auto& cores = start(quick(2, 8));
  auto all = yielding(2);
  EXPECT_TRUE(eventually([&] { return begun() == 2; }));
  cores.pause();
  for (auto& each : yielding(5)) all.push_back(std::move(each));
  EXPECT_TRUE(pass(20));
  EXPECT_EQ(status().workers, 2u);
  cores.resume();
  EXPECT_TRUE(eventually([&] { return begun() == 7; }));
  release();
  for (auto& each : all) each.get();
}

TEST_F(convergence, an_idle_core_is_seen_to_be_idle) {
  start(quick(2, 5));
  EXPECT_TRUE(eventually([&] { return status().windows > 0 && status().last.utilisation < 0.1; }));
  EXPECT_EQ(status().verdict, spare);
  auto all = yielding(1);
  EXPECT_TRUE(eventually([&] { return status().last.utilisation > 0.9; }));
  release();
  for (auto& each : all) each.get();
}

TEST_F(convergence, waits_of_earlier_windows_are_not_in_the_last_one) {
  auto wanted = quick(2, 5);
  wanted.timing = timing::exact;
  start(wanted);
  for (int i = 0; i < 100; ++i) submit([] {}).get();
  EXPECT_TRUE(pass(2));  // the second one begins after all of that
  EXPECT_EQ(status().last.measured, 0u);
  EXPECT_EQ(status().last.queue_wait, 0s);
  EXPECT_EQ(status().last.begun, 0u);
}

/// The staggered lane uses the mailboxes of active workers only. Each holds one token here.
TEST_F(convergence, lanes_are_told) {
  for (const bool made_later : {false, true}) {
    auto wanted = lowering(4, 1);
    wanted.mailbox_capacity = 1;
    if (!made_later) wanted.lane = "staggered";
    coordinator cores(wanted);
    cores.start();
    const coordinator::scope here(cores);
    const auto queue = [] { return submit(tags{lane{"staggered"}}, [] {}); };
    if (!made_later) {
      // As it begins: room for four.
      auto unlimited = wanted;
      unlimited.convergence = false;
      coordinator other(unlimited);
      other.start();
      const coordinator::scope there(other);
      blockade busy;
      auto holds = submit([&] { busy.hold(); });
      EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
      for (int i = 0; i < 4; ++i) queue().detach();
      EXPECT_EQ(other.statistics_of_cores()[0].admitted, 4u);
      busy.lift();
      holds.get();
      other.stop();
    }
    EXPECT_TRUE(eventually([&] { return cores.convergence()[0].workers == 1; }));
    blockade busy;
    auto holds = submit([&] { busy.hold(); });
    EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
    for (int i = 0; i < 4; ++i) queue().detach();
    EXPECT_EQ(cores.statistics_of_cores()[0].admitted, 1u) << (made_later ? "made later" : "made before");
    EXPECT_EQ(cores.statistics_of_cores()[0].waiting, 3u);
    busy.lift();
    holds.get();
  }
}

TEST_F(convergence, can_be_read_at_any_time) {
  coordinator cores(quick(2, 5));
  EXPECT_TRUE(cores.convergence().empty());
  cores.start();
  EXPECT_EQ(cores.convergence().size(), 1u);
  const coordinator::scope here(cores);
  EXPECT_EQ(submit([&] { return cores.convergence()[0].workers; }).get(), 2u);
  cores.stop();
  EXPECT_EQ(cores.convergence()[0].core, 0u);
}

TEST_F(convergence, bad_bounds_are_refused) {
  const auto refused = [](auto change) {
    options wanted;
    change(wanted);
    EXPECT_THROW(coordinator{wanted}, misuse);
  };
  refused([](options& wanted) { wanted.min_workers = 5; });
  refused([](options& wanted) { wanted.max_workers = 3; });
  refused([](options& wanted) { wanted.converge_every = 999us; });
  refused([](options& wanted) { wanted.converge_wait = 0s; });
}

// --- in a simulation
// --------------------------------------------------------------------------------------------------

struct simulated_run {
  std::uint64_t fingerprint = 0, windows = 0;
  std::vector<unsigned> limits;
  std::string trace;
};

simulated_run simulate(std::uint64_t seed) {
  options wanted;
  wanted.workers = 1;
  wanted.converge_every = 1ms;
  wanted.converge_wait = 1ms;
  wanted.simulation = simulation_options{.seed = seed, .cores = 1};
  coordinator cores(wanted);
  cores.start();
  const coordinator::scope here(cores);
  std::atomic<bool> done{false};
  auto asks = submit(tags{weight::light}, [&] {
    while (!done) this_token::yield();
  });
  auto tells = submit(tags{weight::light}, [&] { done = true; });
  asks.get();
  tells.get();
  submit([] { this_token::sleep_for(24h); }).get();
  const auto status = cores.convergence().front();
  simulated_run result{cores.trace_fingerprint(), status.windows, {}, cores.trace(100'000)};
  for (const auto& each : status.last_changes) result.limits.push_back(each.to);
  return result;
}

TEST(simulated_convergence, comes_by_its_clock_and_is_the_same_every_time) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto once = simulate(seed), again = simulate(seed);
    EXPECT_EQ(once.fingerprint, again.fingerprint) << "seed " << seed;
    EXPECT_EQ(once.windows, again.windows);
    EXPECT_EQ(once.limits, again.limits);
    EXPECT_FALSE(once.limits.empty());
  }
}

}  // namespace
}  // namespace tokengate
