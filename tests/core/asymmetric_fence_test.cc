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
  const auto count = static_cast<std::size_t>(rounds);
  std::vector<flag> frequent(count), rare(count);
  std::vector<int> frequent_saw(count), rare_saw(count);
  testing::race(
      rounds,
      [&](int round) {
        const auto at = static_cast<std::size_t>(round);
        frequent[at].value.store(1, std::memory_order_relaxed);
        light_fence();
        frequent_saw[at] = rare[at].value.load(std::memory_order_relaxed);
      },
      [&](int round) {
        const auto at = static_cast<std::size_t>(round);
        rare[at].value.store(1, std::memory_order_relaxed);
        heavy_fence();
        rare_saw[at] = frequent[at].value.load(std::memory_order_relaxed);
      });
  int missed = 0;
  for (std::size_t at = 0; at < count; ++at) missed += frequent_saw[at] == 0 && rare_saw[at] == 0 ? 1 : 0;
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
