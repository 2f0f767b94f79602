#include <algorithm>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

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
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::runtime_test;

TOKENGATE_OPERATION(int, quick, (int x)) { return x; }
TOKENGATE_OPERATION(void, fails, ()) { throw std::runtime_error("as planned"); }
TOKENGATE_OPERATION(void, takes, (std::chrono::microseconds time)) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
  }
}
TOKENGATE_OPERATION(int, parent, (int children), external_calls{quick}) {
  std::vector<token<int>> all;
  for (int i = 0; i < children; ++i) all.push_back(quick(i));
  return static_cast<int>(gather(std::move(all)).size());
}
TOKENGATE_APPLICATION(statistics_application);

class statistics : public runtime_test {
 protected:
  operation_statistics of(std::string_view name) const {
    for (auto& row : running().statistics())
      if (row.name == name) return row;
    ADD_FAILURE() << "no row for " << name;
    return {};
  }
};

TEST_F(statistics, operations_come_in_the_order_of_their_declaration_then_submit_if_used) {
  start(small(1, 1, 8));
  const auto names = [this] {
    std::vector<std::string_view> all;
    for (const auto& row : running().statistics()) all.push_back(row.name);
    return all;
  };
  EXPECT_EQ(names(), (std::vector<std::string_view>{"quick", "fails", "takes", "parent"}));
  submit([] {}).get();
  EXPECT_EQ(names(), (std::vector<std::string_view>{"quick", "fails", "takes", "parent", "submit"}));
}

TEST_F(statistics, what_get_returned_from_is_counted) {
  start(small(3, 2, 8));
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    quick(1).get();
    ASSERT_EQ(of("quick").tokens, i);
  }
  parent(50).get();
  EXPECT_EQ(of("parent").tokens, 1u);
  EXPECT_EQ(of("quick").tokens, 1050u);
  for (int i = 0; i < 5; ++i) EXPECT_THROW(fails().get(), std::runtime_error);
  EXPECT_EQ(of("fails").tokens, 5u);
  EXPECT_EQ(of("fails").failures, 5u);
  EXPECT_EQ(of("quick").failures, 0u);
  EXPECT_EQ(of("fails").killed, 0u);
}

TEST_F(statistics, the_shares_of_the_cores_add_up) {
  start(small(3, 2, 8));
  std::vector<token<int>> tokens;
  for (int i = 0; i < 3000; ++i) tokens.push_back(quick(i));
  gather(std::move(tokens));
  const auto row = of("quick");
  EXPECT_EQ(row.tokens, 3000u);
  EXPECT_EQ(row.tokens_per_core.size(), 3u);
  EXPECT_EQ(std::accumulate(row.tokens_per_core.begin(), row.tokens_per_core.end(), std::uint64_t{0}), 3000u);
  running().stop();
  EXPECT_EQ(sum(&core_statistics::finished), 3000u);
  EXPECT_EQ(sum(&core_statistics::spawned), 0u) << "all from outside";
}

TEST_F(statistics, children_are_counted_as_spawned) {
  start(small(2, 2, 8));
  parent(100).get();
  running().stop();
  EXPECT_EQ(sum(&core_statistics::spawned), 100u);
  EXPECT_EQ(sum(&core_statistics::finished), 101u);
}

TEST_F(statistics, a_run_begins_at_nothing) {
  auto& coordinator = start(small(1, 1, 8));
  quick(1).get();
  coordinator.stop();
  EXPECT_EQ(of("quick").tokens, 1u) << "kept after stop";
  coordinator.start();
  EXPECT_EQ(of("quick").tokens, 0u);
}

TEST_F(statistics, exact_times_are_those_that_passed) {
  auto wanted = small(1, 1, 64);
  wanted.timing = timing::exact;
  start(wanted);
  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::vector<token<void>> tokens;
  for (int i = 0; i < 20; ++i) tokens.push_back(takes(i == 0 ? 5ms : 1ms));
  const auto queued = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - queued < 3ms) std::this_thread::yield();
  busy.lift();
  gather(std::move(tokens));
  holder.get();
  const auto row = of("takes");
  // A percentile is never below the value itself, and nothing here can have taken longer than the test has run.
  EXPECT_GE(row.run_time.p50, 1ms);
  EXPECT_GE(row.run_time.p99, 5ms * 19 / 20) << "the clock may be off by a little";
  EXPECT_GE(row.run_time.max, 5ms * 19 / 20);
  EXPECT_LE(row.run_time.p50, row.run_time.p99);
  EXPECT_LE(row.run_time.p99, row.run_time.max);
  EXPECT_LE(row.run_time.max, std::chrono::steady_clock::now() - queued + 1s);
  EXPECT_GE(row.queue_wait.p50, 3ms) << "half of them waited for the blockade and for ten others";
  EXPECT_GE(row.queue_wait.max, 3ms + 19ms);
  EXPECT_LE(row.queue_wait.p99, row.queue_wait.max);
}

TEST_F(statistics, waits_for_storage_are_counted_and_timed) {
  auto wanted = small(1, 4, 64);
  wanted.storage.slow = 1;
  wanted.timing = timing::exact;
  auto& coordinator = start(wanted);
  gate held;
  auto holds = submit(tags{storage_speed::slow}, [&] { held.pass(); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  std::vector<token<void>> tokens;
  for (int i = 0; i < 10; ++i) tokens.push_back(submit(tags{storage_speed::slow}, [] {}));
  EXPECT_TRUE(eventually([&] { return coordinator.statistics_of(storage_speed::slow).waiting == 10; }));
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 2ms) std::this_thread::yield();
  held.open();
  holds.get();
  gather(std::move(tokens));
  const auto row = of("submit");
  EXPECT_EQ(row.tokens, 11u);
  EXPECT_EQ(row.storage_waits, 10u);
  EXPECT_GE(row.storage_wait.p50, 2ms * 19 / 20);
  const auto tier = coordinator.statistics_of(storage_speed::slow);
  EXPECT_EQ(tier.waits, 10u);
  EXPECT_GE(tier.wait_p50, 2ms * 19 / 20);
  EXPECT_GE(tier.wait_total, 10 * 2ms * 19 / 20);
}

TEST_F(statistics, sampled_times_are_there_after_enough_tokens) {
  start(small(1, 1, 1024));
  std::vector<token<int>> tokens;
  for (int i = 0; i < 10'000; ++i) tokens.push_back(quick(i));
  gather(std::move(tokens));
  const auto row = of("quick");
  EXPECT_EQ(row.tokens, 10'000u) << "counts are exact however times are taken";
  EXPECT_GT(row.run_time.max.count(), 0);
  EXPECT_GT(row.queue_wait.max.count(), 0);
}

TEST_F(statistics, what_waits_now_can_be_seen) {
  auto wanted = small(1, 1, 2);
  start(wanted);
  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::vector<token<int>> tokens;
  for (int i = 0; i < 7; ++i) tokens.push_back(quick(i));
  const auto core = running().statistics_of_cores().front();
  EXPECT_EQ(core.admitted, 2u);
  EXPECT_EQ(core.waiting, 5u);
  busy.lift();
  gather(std::move(tokens));
  holder.get();
}

}  // namespace
}  // namespace tokengate
