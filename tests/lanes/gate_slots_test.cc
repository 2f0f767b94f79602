#include <atomic>

#include <gtest/gtest.h>

#include <tokengate/lanes/gate_slots.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::lanes {
namespace {

TEST(gate_slots, gives_out_as_many_as_there_are) {
  gate_slots slots(2);
  EXPECT_TRUE(slots.take(false));
  EXPECT_TRUE(slots.take(false));
  EXPECT_FALSE(slots.take(false));
  slots.give(1);
  EXPECT_TRUE(slots.take(false));
  EXPECT_FALSE(slots.take(false));
}

TEST(gate_slots, credit_is_paid_back_first) {
  gate_slots slots(1);
  EXPECT_TRUE(slots.take(false));
  EXPECT_TRUE(slots.take(true));
  EXPECT_TRUE(slots.take(true));
  slots.give(2);
  EXPECT_FALSE(slots.take(false));
  slots.give(1);
  EXPECT_TRUE(slots.take(false));
}

TEST(gate_slots, a_thread_that_waits_gets_the_place_that_is_given) {
  for (int repeat = 0; repeat < 200; ++repeat) {
    gate_slots slots(1);
    ASSERT_TRUE(slots.take(false));
    testing::together(2, [&](int index) {
      if (index == 0) return slots.give(1);
      while (!slots.take(false)) slots.wait_for_one();
    });
    EXPECT_FALSE(slots.take(false));
  }
}

TEST(gate_slots, places_are_never_given_out_twice_among_threads) {
  constexpr int places = 3, threads = 5;
  gate_slots slots(places);
  std::atomic<int> held{0};
  testing::together(threads, [&](int) {
    for (int round = 0; round < 2000; ++round) {
      while (!slots.take(false)) slots.wait_for_one();
      ASSERT_LE(held.fetch_add(1) + 1, places);
      held.fetch_sub(1);
      slots.give(1);
    }
  });
}

TEST(gate_slots, closing_releases_every_thread_that_waits_now_or_later) {
  for (int repeat = 0; repeat < 200; ++repeat) {
    gate_slots slots(1);
    ASSERT_TRUE(slots.take(false));
    testing::together(4, [&](int index) { index == 0 ? slots.close() : slots.wait_for_one(); });
    slots.wait_for_one();
  }
}

}  // namespace
}  // namespace tokengate::lanes
