#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/io/storage_tier.h>
#include <tokengate/io/storage_tiers.h>

namespace tokengate::io {
namespace {

/// A party that notes in a common list when it was granted.
struct party : permit_request {
  party(char name_of, std::string& order_of) : name(name_of), order(&order_of) {
    granted = [](permit_request& request) noexcept {
      auto& self = static_cast<party&>(request);
      *self.order += self.name;
    };
  }
  char name;
  std::string* order;
};

TEST(storage_tier, grants_up_to_its_limit_at_once) {
  storage_tier tier(2);
  std::string order;
  party a('a', order), b('b', order), c('c', order);
  EXPECT_TRUE(tier.acquire(a));
  EXPECT_TRUE(tier.acquire(b));
  EXPECT_FALSE(tier.acquire(c));
  EXPECT_FALSE(tier.try_acquire());
  EXPECT_EQ(order, "") << "a permit that is had at once is not announced";
  tier.release();
  EXPECT_EQ(order, "c");
  EXPECT_EQ(tier.held(), 2u);
  tier.release();
  tier.release();
  EXPECT_EQ(tier.held(), 0u);
  EXPECT_TRUE(tier.try_acquire());
  tier.release();
}

TEST(storage_tier, serves_first_come_first) {
  storage_tier tier(1);
  std::string order;
  ASSERT_TRUE(tier.try_acquire());
  party a('a', order), b('b', order), c('c', order);
  EXPECT_FALSE(tier.acquire(a));
  EXPECT_FALSE(tier.acquire(b));
  EXPECT_FALSE(tier.acquire(c));
  for (int i = 0; i < 3; ++i) tier.release();
  EXPECT_EQ(order, "abc");
}

TEST(storage_tier, serves_the_returning_ahead_of_newcomers_in_their_order) {
  storage_tier tier(1);
  std::string order;
  ASSERT_TRUE(tier.try_acquire());
  party a('a', order), b('b', order), x('x', order), y('y', order);
  EXPECT_FALSE(tier.acquire(a));
  EXPECT_FALSE(tier.acquire_again(x));
  EXPECT_FALSE(tier.acquire(b));
  EXPECT_FALSE(tier.acquire_again(y));
  for (int i = 0; i < 4; ++i) tier.release();
  EXPECT_EQ(order, "xyab");
}

TEST(storage_tier, nobody_overtakes_those_who_wait) {
  storage_tier tier(1);
  std::string order;
  ASSERT_TRUE(tier.try_acquire());
  party a('a', order), b('b', order);
  EXPECT_FALSE(tier.acquire(a));
  EXPECT_FALSE(tier.acquire(b));
  tier.release();
  EXPECT_FALSE(tier.try_acquire()) << "the permit went to a";
  tier.release();
  EXPECT_EQ(order, "ab");
  tier.release();
  EXPECT_TRUE(tier.try_acquire());
}

TEST(storage_tier, a_withdrawn_request_is_never_granted) {
  storage_tier tier(1);
  std::string order;
  ASSERT_TRUE(tier.try_acquire());
  party a('a', order), b('b', order), c('c', order);
  EXPECT_FALSE(tier.acquire(a));
  EXPECT_FALSE(tier.acquire(b));
  EXPECT_FALSE(tier.acquire_again(c));
  EXPECT_TRUE(tier.withdraw(a));
  EXPECT_FALSE(tier.withdraw(a)) << "it is not queued any more";
  EXPECT_TRUE(tier.withdraw(c));
  tier.release();
  EXPECT_EQ(order, "b");
  EXPECT_FALSE(tier.withdraw(b)) << "it was granted";
  EXPECT_FALSE(tier.acquire(a)) << "a withdrawn request may be used again";
  EXPECT_TRUE(tier.withdraw(a));
  tier.release();
  EXPECT_TRUE(tier.try_acquire()) << "the last that withdrew leaves no mark behind";
}

TEST(storage_tier, a_grown_limit_serves_those_who_wait_at_once) {
  storage_tier tier(1);
  std::string order;
  ASSERT_TRUE(tier.try_acquire());
  party a('a', order), b('b', order), c('c', order);
  EXPECT_FALSE(tier.acquire(a));
  EXPECT_FALSE(tier.acquire(b));
  EXPECT_FALSE(tier.acquire(c));
  tier.set_limit(3);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(tier.held(), 3u);
  tier.set_limit(5);
  EXPECT_EQ(order, "abc");
  EXPECT_TRUE(tier.try_acquire());
  EXPECT_FALSE(tier.try_acquire());
}

TEST(storage_tier, a_shrunken_limit_takes_nothing_away_and_lets_the_excess_run_out) {
  storage_tier tier(3);
  std::string order;
  party a('a', order);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(tier.try_acquire());
  tier.set_limit(1);
  EXPECT_EQ(tier.held(), 3u);
  EXPECT_FALSE(tier.acquire(a));
  tier.release();
  tier.release();
  EXPECT_EQ(order, "") << "one is still held, and one is the limit";
  tier.release();
  EXPECT_EQ(order, "a");
  EXPECT_EQ(tier.held(), 1u);
  EXPECT_FALSE(tier.try_acquire());
}

TEST(storage_tier, refuses_a_limit_of_zero_and_keeps_the_old_one) {
  EXPECT_THROW(storage_tier{0}, misuse);
  storage_tier tier(4);
  EXPECT_THROW(tier.set_limit(0), misuse);
  EXPECT_EQ(tier.limit(), 4u);
  tier.set_limit(4'000'000'000u);
  EXPECT_EQ(tier.limit(), 4'000'000'000u);
}

TEST(storage_tier, a_grant_may_end_its_request_and_queue_another) {
  struct relay : permit_request {
    relay(storage_tier& tier_of, int& left_of) : tier(tier_of), left(left_of) {
      granted = [](permit_request& request) noexcept {
        auto* const self = static_cast<relay*>(&request);
        if (--self->left != 0) {
          EXPECT_FALSE(self->tier.acquire(*new relay(self->tier, self->left)));
        }
        delete self;
      };
    }
    storage_tier& tier;
    int& left;
  };
  storage_tier tier(1);
  int left = 100;
  ASSERT_TRUE(tier.try_acquire());
  EXPECT_FALSE(tier.acquire(*new relay(tier, left)));
  for (int i = 0; i < 100; ++i) tier.release();
  EXPECT_EQ(left, 0);
  tier.release();
  EXPECT_EQ(tier.held(), 0u);
}

TEST(storage_tier, measures_waits_but_no_immediate_grants) {
  using namespace std::chrono_literals;
  storage_tier tier(1);
  std::string order;
  party a('a', order), b('b', order), c('c', order);
  ASSERT_TRUE(tier.try_acquire());
  EXPECT_EQ(tier.statistics().waits, 0u);
  EXPECT_FALSE(tier.acquire(a));
  EXPECT_FALSE(tier.acquire(b));
  EXPECT_FALSE(tier.acquire(c));
  EXPECT_TRUE(tier.withdraw(c));
  EXPECT_EQ(tier.statistics().waiting, 2u);
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < 3ms) {
  }
  tier.release();
  tier.release();
  const auto seen = tier.statistics();
  EXPECT_EQ(seen.limit, 1u);
  EXPECT_EQ(seen.held, 1u);
  EXPECT_EQ(seen.waiting, 0u);
  EXPECT_EQ(seen.granted, 3u);
  EXPECT_EQ(seen.waits, 2u) << "a withdrawn request waited for nothing";
  EXPECT_GE(seen.wait_max, 2900us);
  EXPECT_GE(seen.wait_total, 2 * 2900us);
  EXPECT_GE(seen.wait_p50, 2900us);
  EXPECT_LE(seen.wait_p50, seen.wait_p99);
  EXPECT_LE(seen.wait_p99, seen.wait_max);
}

TEST(storage_tiers, have_the_limits_of_the_design_unless_told_otherwise) {
  storage_tiers tiers;
  EXPECT_EQ(tiers.tier(storage_speed::slow).limit(), 10u);
  EXPECT_EQ(tiers.tier(storage_speed::moderate).limit(), 25u);
  EXPECT_EQ(tiers.tier(storage_speed::fast).limit(), 50u);
  EXPECT_EQ(tiers.tier(storage_speed::insane).limit(), 70u);

  storage_tiers own({.moderate = 3});
  EXPECT_EQ(own.tier(storage_speed::moderate).limit(), 3u);
  EXPECT_EQ(own.tier(storage_speed::insane).limit(), 70u);
  EXPECT_TRUE(own.tier(storage_speed::slow).try_acquire());
  EXPECT_EQ(own.tier(storage_speed::slow).held(), 1u);
  EXPECT_EQ(own.tier(storage_speed::moderate).held(), 0u);
  EXPECT_THROW(storage_tiers({.fast = 0}), misuse);
}

}  // namespace
}  // namespace tokengate::io
