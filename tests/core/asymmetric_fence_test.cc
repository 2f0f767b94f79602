#include <atomic>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

/// Store buffering: each side stores its own flag, fences, and looks at the other's. Returns in how many of the rounds
/// neither saw the other.
int missed_each_other(int rounds) {
  struct alignas(64) flag {
    std::atomic<int> value{0};
  };
  std::vector<flag> frequent(rounds), rare(rounds);
  std::vector<int> frequent_saw(rounds), rare_saw(rounds);
  // Keeps both sides in step without the fences that a barrier would bring between the store and the load.
  std::atomic<int> at_frequent{0}, at_rare{0};
  const auto meet = [](std::atomic<int>& mine, const std::atomic<int>& other, int round) {
    mine.store(round + 1, std::memory_order_release);
    for (int spin = 0; other.load(std::memory_order_acquire) <= round; ++spin)
      if (spin > 2000) std::this_thread::yield();
  };
  testing::together(2, [&](int side) {
    for (int round = 0; round < rounds; ++round) {
      const auto at = static_cast<std::size_t>(round);
      if (side == 0) {
        meet(at_frequent, at_rare, round);
        frequent[at].value.store(1, std::memory_order_relaxed);
        light_fence();
        frequent_saw[at] = rare[at].value.load(std::memory_order_relaxed);
      } else {
        meet(at_rare, at_frequent, round);
        rare[at].value.store(1, std::memory_order_relaxed);
        heavy_fence();
        rare_saw[at] = frequent[at].value.load(std::memory_order_relaxed);
      }
    }
  });
  int missed = 0;
  for (int round = 0; round < rounds; ++round) missed += frequent_saw[round] == 0 && rare_saw[round] == 0 ? 1 : 0;
  return missed;
}

TEST(asymmetric_fence, at_least_one_side_sees_the_other) {
  prepare_asymmetric_fence();
  EXPECT_EQ(missed_each_other(20'000), 0);
}

TEST(asymmetric_fence, holds_without_help_from_the_kernel) {
  const bool free = light_fence_is_free.exchange(false);
  EXPECT_EQ(missed_each_other(20'000), 0);
  light_fence_is_free.store(free);
}

TEST(asymmetric_fence, may_be_prepared_again) {
  prepare_asymmetric_fence();
  const bool free = light_fence_is_free;
  prepare_asymmetric_fence();
  EXPECT_EQ(light_fence_is_free, free);
}

}  // namespace
}  // namespace tokengate::detail
