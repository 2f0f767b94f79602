#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/lanes/biased_cursor.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::lanes {
namespace {

using state = biased_cursor::state;

/// With and without a cursor that has owners; 0 stands for without.
class biased_cursors : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    detail::prepare_asymmetric_fence();
    if (GetParam() == 0) detail::light_fence_is_free.store(false);
  }
  void TearDown() override { detail::prepare_asymmetric_fence(); }

  std::size_t next() {
    std::size_t position = 0;
    EXPECT_TRUE(cursor.claim(position, [](std::size_t) { return state::open; }));
    return position;
  }

  biased_cursor cursor;
};
INSTANTIATE_TEST_SUITE_P(with_owners_or_without, biased_cursors, ::testing::Values(0, 1));

TEST_P(biased_cursors, give_positions_in_order_until_they_are_shut) {
  for (std::size_t i = 0; i < 20'000; ++i) {
    ASSERT_EQ(cursor.load(std::memory_order_relaxed), i);
    ASSERT_EQ(next(), i);
    std::size_t position = 0;
    ASSERT_FALSE(cursor.claim(position, [i](std::size_t at) { return at == i + 1 ? state::shut : state::open; }));
  }
}

TEST_P(biased_cursors, go_on_where_another_thread_ended_or_paused) {
  std::size_t expected = 0;
  for (const std::size_t each : {1, 10, 10'000, 3, 5'000, 5'000}) {
    std::thread([&] {
      for (std::size_t i = 0; i < each; ++i) ASSERT_EQ(next(), expected++);
    }).join();
    for (std::size_t i = 0; i < each / 2; ++i) ASSERT_EQ(next(), expected++);
  }
}

TEST_P(biased_cursors, a_thread_that_may_not_have_a_position_takes_nobodys_ownership) {
  next();
  std::thread([this] {
    std::size_t position = 0;
    EXPECT_FALSE(cursor.claim(position, [](std::size_t) { return state::shut; }));
  }).join();
  EXPECT_EQ(next(), 1u);
}

// Threads come in bursts, long enough to own the cursor and short enough to lose it: every position is had once.
TEST_P(biased_cursors, give_no_position_twice_and_leave_none_out) {
  constexpr int threads = 3, bursts = 60;
  constexpr std::size_t longest = 12'000;
  const auto taken = std::make_unique<std::atomic<std::uint8_t>[]>(threads * bursts * longest);
  testing::together(threads, [&](int index) {
    std::mt19937 random(static_cast<unsigned>(index));
    std::size_t last = 0;
    for (int burst = 0; burst < bursts; ++burst) {
      const std::size_t length = random() % 3 == 0 ? random() % longest : random() % 20;
      for (std::size_t i = 0; i < length; ++i) {
        const auto position = next();
        ASSERT_EQ(taken[position].fetch_add(1, std::memory_order_relaxed), 0) << position;
        ASSERT_TRUE(last == 0 || position > last);
        last = position;
      }
      if (random() % 2 == 0) std::this_thread::yield();
    }
  });
  const auto all = cursor.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < all; ++i) ASSERT_EQ(taken[i].load(), 1);
}

// The owner takes every position at once, the others one now and then: each of theirs is a revocation.
TEST_P(biased_cursors, survive_being_revoked_again_and_again) {
  const std::size_t by_others = GetParam() == 0 ? 20 : 300;
  std::atomic<bool> done{false};
  std::vector<std::size_t> of_owner, of_other;
  testing::together(2, [&](int index) {
    if (index == 0) {
      while (!done.load(std::memory_order_relaxed)) of_owner.push_back(next());
      return;
    }
    for (std::size_t i = 0; i < by_others; ++i) {
      const auto before = cursor.load(std::memory_order_relaxed);
      while (cursor.load(std::memory_order_relaxed) < before + 5'000) std::this_thread::yield();
      of_other.push_back(next());
    }
    done.store(true, std::memory_order_relaxed);
  });
  EXPECT_TRUE(std::is_sorted(of_owner.begin(), of_owner.end()));
  of_owner.insert(of_owner.end(), of_other.begin(), of_other.end());
  std::sort(of_owner.begin(), of_owner.end());
  for (std::size_t i = 0; i < of_owner.size(); ++i) ASSERT_EQ(of_owner[i], i);
}

}  // namespace
}  // namespace tokengate::lanes
