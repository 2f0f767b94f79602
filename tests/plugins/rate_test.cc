#include <gtest/gtest.h>

#include <tokengate/plugins/report/rate.h>

namespace tokengate::report {
namespace {

using namespace std::chrono_literals;

const rate::clock::time_point start{1h};

TEST(rate, knows_nothing_at_first) {
  rate bytes(start);
  EXPECT_EQ(bytes.per_second(), 0);
  EXPECT_EQ(bytes.time_left(100), std::nullopt);
}

TEST(rate, a_steady_pace_is_seen_whatever_the_sampling) {
  for (const auto step : {10ms, 100ms, 700ms, 3000ms}) {
    rate bytes(start);
    for (auto time = step; time <= 60s; time += step)
      bytes.sample(start + time, static_cast<std::uint64_t>(time / 1ms) * 1000);
    EXPECT_NEAR(bytes.per_second(), 1e6, 1e-3) << step.count();
    EXPECT_GE(bytes.time_left(160'000'000), 100s) << step.count();
    EXPECT_LE(bytes.time_left(160'000'000), 104s) << step.count();
  }
}

TEST(rate, time_left_is_rounded_up_and_ends_at_zero) {
  rate bytes(start);
  bytes.sample(start + 2s, 2000);
  EXPECT_EQ(bytes.time_left(2001), 1s);
  EXPECT_EQ(bytes.time_left(5000), 3s);
  EXPECT_EQ(bytes.time_left(2000), 0s);
  EXPECT_EQ(bytes.time_left(1), 0s);
}

TEST(rate, forgets_an_old_pace) {
  rate bytes(start);
  for (int second = 1; second <= 10; ++second)
    bytes.sample(start + second * 1s, static_cast<std::uint64_t>(second) * 1000);
  for (int second = 11; second <= 40; ++second)
    bytes.sample(start + second * 1s, 10'000u + static_cast<std::uint64_t>(second - 10) * 10);
  EXPECT_NEAR(bytes.per_second(), 10, 1e-6);
}

TEST(rate, a_standstill_has_no_estimate) {
  rate bytes(start);
  for (int second = 1; second <= 40; ++second) bytes.sample(start + second * 1s, 7);
  EXPECT_EQ(bytes.per_second(), 0);
  EXPECT_EQ(bytes.time_left(8), std::nullopt);
}

}  // namespace
}  // namespace tokengate::report
