#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/clock.h>

namespace tokengate::detail {
namespace {

using namespace std::chrono_literals;

// A stamp taken before main(), while constructors of other units may not have run, must be in the same unit.
const std::uint64_t stamp_before_main = ticks();
const auto time_before_main = std::chrono::steady_clock::now();

TEST(clock, stamps_of_a_thread_never_go_backwards) {
  std::atomic<bool> backwards{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      std::uint64_t last = ticks();
      for (int round = 0; round < 1'000'000; ++round) {
        const std::uint64_t now = ticks();
        if (now < last) backwards.store(true);
        last = now;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(backwards.load());
}

TEST(clock, a_stamp_handed_to_another_thread_lies_in_its_past) {
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t sent = ticks();
    std::uint64_t received = 0;
    std::thread{[&] { received = ticks(); }}.join();
    EXPECT_GT(to_nanoseconds(received - sent), 0ns);
    EXPECT_GT(to_nanoseconds(ticks() - received), 0ns);
  }
}

// The machine may take the processor away between the two clocks: one clean span of several is enough.
TEST(clock, agrees_with_the_steady_clock_within_one_percent) {
  double best = 1.0;
  for (int attempt = 0; attempt < 10 && best >= 0.01; ++attempt) {
    const auto from = std::chrono::steady_clock::now();
    const std::uint64_t start = ticks();
    while (std::chrono::steady_clock::now() - from < 20ms) {
    }
    const auto until = std::chrono::steady_clock::now();
    const std::uint64_t end = ticks();
    const double measured = static_cast<double>(to_nanoseconds(end - start).count());
    const double expected = static_cast<double>(std::chrono::nanoseconds{until - from}.count());
    best = std::min(best, std::abs(measured / expected - 1.0));
  }
  EXPECT_LT(best, 0.01);
}

TEST(clock, a_stamp_taken_before_main_counts_from_there) {
  const auto expected = std::chrono::steady_clock::now() - time_before_main;
  const auto measured = to_nanoseconds(ticks() - stamp_before_main);
  EXPECT_LT(std::chrono::abs(measured - expected), expected / 100 + 5ms);
}

TEST(clock, the_pace_is_measured_once) {
  const double pace = ticks_per_nanosecond();
  EXPECT_GT(pace, 0.1);
  EXPECT_LT(pace, 10.0);
  EXPECT_EQ(pace, ticks_per_nanosecond());
  EXPECT_NEAR(static_cast<double>(to_nanoseconds(static_cast<std::uint64_t>(pace * 1e9)).count()), 1e9, 10.0);
}

TEST(clock, a_difference_the_wrong_way_round_is_a_negative_duration) {
  const std::uint64_t now = ticks();
  EXPECT_EQ(to_nanoseconds(now - now), 0ns);
  EXPECT_LT(to_nanoseconds(now - (now + 1000)), 0ns);
  EXPECT_GT(to_nanoseconds(now - (now + 1000)), -20us);
}

TEST(clock, without_a_trusted_counter_a_tick_is_a_nanosecond_of_the_steady_clock) {
  const tick_source decided = decided_tick_source.exchange(tick_source::steady_clock);
  const auto before = std::chrono::steady_clock::now().time_since_epoch();
  const std::uint64_t stamp = ticks();
  const auto after = std::chrono::steady_clock::now().time_since_epoch();
  decided_tick_source.store(decided);
  EXPECT_GE(stamp, static_cast<std::uint64_t>(before / 1ns));
  EXPECT_LE(stamp, static_cast<std::uint64_t>(after / 1ns));
}

}  // namespace
}  // namespace tokengate::detail
