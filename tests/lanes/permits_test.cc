// Storage tiers: a tagged token runs only with a permit, and waiting for one costs nobody else anything.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace {

std::atomic<int> refuse_memory{0}, refused_memory{0};

}  // namespace

// What waits for a permit is kept in memory that is asked for this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  for (int left = refuse_memory.load(); left > 0;)
    if (refuse_memory.compare_exchange_weak(left, left - 1)) {
      refused_memory.fetch_add(1);
      return nullptr;
    }
  try {
    return ::operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::eventually;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;
using testing::runtime_test;

constexpr tags on_slow{storage_speed::slow};

/// How many run now and how many ran at once at most.
class occupancy {
 public:
  void enter() noexcept {
    const int now = inside_.fetch_add(1) + 1;
    for (int most = most_; most < now && !most_.compare_exchange_weak(most, now);) {
    }
  }
  void leave() noexcept { inside_.fetch_sub(1); }
  [[nodiscard]] int most() const noexcept { return most_; }
  [[nodiscard]] int inside() const noexcept { return inside_; }

 private:
  std::atomic<int> inside_{0}, most_{0};
};

class permits : public every_shape {
 protected:
  coordinator& start_with_limit(unsigned limit) {
    auto wanted = shape();
    wanted.storage.slow = limit;
    return start(wanted);
  }
};
INSTANTIATE_TEST_SUITE_P(on, permits, all_shapes(), name_of_shape);

TEST_P(permits, never_more_run_at_once_than_the_limit_says) {
  for (const unsigned limit : {1u, 2u, 5u}) {
    auto& coordinator = start_with_limit(limit);
    occupancy storage;
    const auto reads = [&storage](int turn) {
      storage.enter();
      if (turn % 2 == 0) this_token::sleep_for(10us);  // keeps the permit, unlike waiting for a token
      if (turn % 2 == 1) this_token::yield();
      storage.leave();
    };
    std::vector<token<void>> tokens;
    for (int i = 0; i < 100; ++i) tokens.push_back(submit(on_slow, reads, i));
    // From inside as well, where they may be run in place.
    auto lead = submit([&] {
      std::vector<token<void>> children;
      for (int i = 0; i < 100; ++i) children.push_back(submit(on_slow, reads, i));
      gather(std::move(children));
    });
    gather(std::move(tokens));
    lead.get();
    EXPECT_LE(storage.most(), static_cast<int>(limit));
    const auto statistics = coordinator.statistics_of(storage_speed::slow);
    EXPECT_EQ(statistics.limit, limit);
    EXPECT_GE(statistics.granted, 200u);
    EXPECT_EQ(statistics.held, 0u);
    EXPECT_EQ(statistics.waiting, 0u);
  }
}

TEST_P(permits, a_token_that_waits_for_a_permit_holds_no_worker) {
  auto& coordinator = start_with_limit(1);
  gate held;
  auto holds = submit(on_slow, [&] { held.pass(); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  std::vector<token<void>> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(submit(on_slow, [] {}));
  EXPECT_TRUE(eventually([&] { return coordinator.statistics_of(storage_speed::slow).waiting == 50; }))
      << "all of them wait at the tier, none in the way of others";
  EXPECT_EQ(submit([] { return 1; }).get(), 1);
  EXPECT_EQ(submit(tags{storage_speed::fast}, [] { return 2; }).get(), 2) << "tiers are apart";
  for (const auto& each : tokens) EXPECT_EQ(each.state(), token_state::admitted);
  held.open();
  holds.get();
  gather(std::move(tokens));
  EXPECT_GE(coordinator.statistics_of(storage_speed::slow).waits, 50u);
}

// The worker waits itself then, and what it was about to begin heeds a pause that was made meanwhile.
TEST_P(permits, a_token_for_which_there_is_no_memory_waits_as_well) {
  auto& coordinator = start_with_limit(1);
  gate held;
  auto holds = submit(on_slow, [&] { held.pass(); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  refused_memory = 0;
  refuse_memory = 1;
  std::atomic<bool> began{false};
  auto waits = submit(on_slow, [&] { began = true; });
  EXPECT_TRUE(eventually([&] { return coordinator.statistics_of(storage_speed::slow).waiting == 1; }));
  EXPECT_EQ(refused_memory, 1);
  coordinator.pause();
  held.open();
  holds.get();
  EXPECT_TRUE(eventually([&] {
    const auto now = coordinator.statistics_of(storage_speed::slow);
    return began || (now.waiting == 0 && now.held == 0);
  }));
  EXPECT_FALSE(began) << "it is paused";
  EXPECT_EQ(waits.state(), token_state::admitted);
  coordinator.resume();
  waits.get();
  EXPECT_TRUE(began);
}

int nested(int depth) { return depth == 0 ? 0 : submit(on_slow, nested, depth - 1).get() + 1; }

int nested_and_wide(int depth) {
  std::vector<token<int>> children;
  for (int i = 0; depth > 0 && i < 3; ++i) children.push_back(submit(on_slow, nested_and_wide, depth - 1));
  int sum = 1;
  for (auto& child : children) sum += depth % 2 == 0 ? child.get() : child.get_for(1h);
  return sum;
}

TEST_P(permits, nested_tagged_tokens_complete_with_a_single_permit) {
  start_with_limit(1);
  EXPECT_EQ(submit(on_slow, nested, 5).get(), 5);
  EXPECT_EQ(submit(on_slow, nested, 100).get(), 100);
  std::vector<token<int>> several;
  for (int i = 0; i < 10; ++i) several.push_back(submit(on_slow, nested_and_wide, 4));
  for (const int size : gather(std::move(several))) EXPECT_EQ(size, 121);
}

TEST_P(permits, a_token_that_waited_for_a_token_has_its_permit_again) {
  start_with_limit(1);
  occupancy storage;
  const auto waits = [&storage] {
    for (int i = 0; i < 5; ++i) {
      auto child = submit([] { this_token::sleep_for(10us); });
      if (i % 2 == 0)
        child.get();
      else
        gather(std::move(child));
      storage.enter();
      this_token::sleep_for(10us);
      storage.leave();
    }
  };
  std::vector<token<void>> tokens;
  for (int i = 0; i < 20; ++i) tokens.push_back(submit(on_slow, waits));
  gather(std::move(tokens));
  EXPECT_EQ(storage.most(), 1);
}

class live_limits : public runtime_test {};

TEST_F(live_limits, growing_serves_those_that_wait) {
  auto wanted = small(2, 2, 64);
  wanted.storage.slow = 1;
  auto& coordinator = start(wanted);
  gate held;
  occupancy storage;
  std::vector<token<void>> tokens;
  for (int i = 0; i < 10; ++i)
    tokens.push_back(submit(on_slow, [&] {
      storage.enter();
      held.pass();
      storage.leave();
    }));
  EXPECT_TRUE(eventually([&] { return coordinator.statistics_of(storage_speed::slow).waiting == 9; }));
  coordinator.set_storage_limit(storage_speed::slow, 4);
  EXPECT_TRUE(eventually([&] { return storage.inside() == 4; }));
  EXPECT_EQ(coordinator.statistics_of(storage_speed::slow).waiting, 6u);
  held.open();
  gather(std::move(tokens));
  EXPECT_EQ(storage.most(), 4);
}

TEST_F(live_limits, shrinking_takes_no_permit_away_and_holds_afterwards) {
  auto wanted = small(2, 2, 64);
  wanted.storage.slow = 5;
  auto& coordinator = start(wanted);
  gate held;
  std::vector<token<void>> first;
  for (int i = 0; i < 5; ++i) first.push_back(submit(on_slow, [&] { held.pass(); }));
  EXPECT_TRUE(eventually([&] { return held.waiting() == 5; }));
  coordinator.set_storage_limit(storage_speed::slow, 2);
  EXPECT_EQ(coordinator.statistics_of(storage_speed::slow).held, 5u);
  occupancy storage;
  std::vector<token<void>> later;
  for (int i = 0; i < 50; ++i)
    later.push_back(submit(on_slow, [&] {
      storage.enter();
      this_token::sleep_for(10us);
      storage.leave();
    }));
  held.open();
  gather(std::move(first));
  gather(std::move(later));
  EXPECT_LE(storage.most(), 2);
}

TEST_F(live_limits, nothing_is_no_limit_and_no_coordinator_has_none) {
  auto& coordinator = start(small(1, 1, 8));
  EXPECT_THROW(coordinator.set_storage_limit(storage_speed::fast, 0), misuse);
  const tokengate::coordinator not_started;
  EXPECT_THROW(static_cast<void>(not_started.statistics_of(storage_speed::fast)), misuse);
}

TEST_F(live_limits, permits_go_in_order_of_arrival) {
  auto wanted = small(1, 4, 64);
  wanted.storage.slow = 1;
  auto& coordinator = start(wanted);
  gate held;
  auto holds = submit(on_slow, [&] { held.pass(); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  std::vector<int> order;
  std::vector<token<void>> tokens;
  for (int i = 0; i < 20; ++i) {
    tokens.push_back(submit(on_slow, [&order, i] { order.push_back(i); }));
    EXPECT_TRUE(eventually(
        [&] { return coordinator.statistics_of(storage_speed::slow).waiting == static_cast<std::uint64_t>(i + 1); }));
  }
  held.open();
  holds.get();
  gather(std::move(tokens));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
}  // namespace tokengate
