// Many threads take, give back, withdraw and resize one tier at once. Nothing may be lost, doubled or exceed the limit.
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/waiter.h>
#include <tokengate/io/storage_tier.h>

namespace tokengate::io {
namespace {

struct waiting_party : permit_request {
  explicit waiting_party() {
    granted = [](permit_request& request) noexcept { static_cast<waiting_party&>(request).party.notify(); };
  }
  detail::waiter party;
};

/// Takes a permit the way a token does; what a refused acquire() promised is waited for.
void take(storage_tier& tier, bool again) {
  waiting_party party;
  if (!(again ? tier.acquire_again(party) : tier.acquire(party))) party.party.wait();
}

/// Takes a permit unless it has to wait. True: holds one.
bool take_or_withdraw(storage_tier& tier) {
  waiting_party party;
  if (tier.acquire(party)) return true;
  if (tier.withdraw(party)) return false;
  party.party.wait();
  return true;
}

class stress : public ::testing::Test {
 protected:
  static constexpr int threads = 6;
  static constexpr int rounds = 20'000;

  /// Runs `body(index, round)` on all threads; what it does between enter() and leave() is done under a permit.
  template <class Body>
  void run(Body body) {
    std::vector<std::thread> pool;
    for (int index = 0; index < threads; ++index)
      pool.emplace_back([index, body] {
        for (int round = 0; round < rounds; ++round) body(index, round);
      });
    for (auto& thread : pool) thread.join();
  }

  void enter(unsigned limit) {
    if (inside_.fetch_add(1) >= limit) exceeded_.fetch_add(1);
    if (entered_.fetch_add(1) % 4 == 0) std::this_thread::yield();  // so that others find the permit taken
  }
  void leave(storage_tier& tier) {
    inside_.fetch_sub(1);
    tier.release();
  }

  std::atomic<unsigned> inside_{0}, exceeded_{0};
  std::atomic<std::uint64_t> entered_{0};
};

TEST_F(stress, keeps_the_limit_and_serves_everybody) {
  storage_tier tier(2);
  run([&](int index, int round) {
    take(tier, (index + round) % 3 == 0);
    enter(2);
    leave(tier);
  });
  EXPECT_EQ(exceeded_.load(), 0u);
  const auto seen = tier.statistics();
  EXPECT_EQ(seen.granted, std::uint64_t{threads} * rounds);
  EXPECT_EQ(seen.held, 0u);
  EXPECT_EQ(seen.waiting, 0u);
}

TEST_F(stress, one_permit_is_a_lock) {
  storage_tier tier(1);
  std::uint64_t plain = 0;  // guarded by the permit alone
  run([&](int, int) {
    take(tier, false);
    enter(1);
    ++plain;
    leave(tier);
  });
  EXPECT_EQ(plain, std::uint64_t{threads} * rounds);
}

TEST_F(stress, a_withdrawal_races_with_its_grant) {
  storage_tier tier(2);
  std::atomic<std::uint64_t> withdrawn{0};
  run([&](int index, int) {
    if (index % 2 == 0)
      take(tier, false);
    else if (!take_or_withdraw(tier)) {
      withdrawn.fetch_add(1);
      return;
    }
    enter(2);
    leave(tier);
  });
  EXPECT_EQ(exceeded_.load(), 0u);
  const auto seen = tier.statistics();
  EXPECT_EQ(seen.granted + withdrawn.load(), std::uint64_t{threads} * rounds);
  EXPECT_EQ(seen.granted, entered_.load());
  EXPECT_EQ(seen.held, 0u);
  EXPECT_TRUE(tier.try_acquire());
}

TEST_F(stress, the_limit_changes_under_way) {
  storage_tier tier(4);
  run([&](int index, int round) {
    if (index == 0) {
      tier.set_limit(1 + static_cast<unsigned>(round) % 4);
      return;
    }
    if (index == 1 && !take_or_withdraw(tier)) return;
    if (index != 1) take(tier, round % 2 == 0);
    enter(4);
    leave(tier);
  });
  EXPECT_EQ(exceeded_.load(), 0u);
  EXPECT_EQ(tier.statistics().granted, entered_.load());
  EXPECT_EQ(tier.held(), 0u);
  EXPECT_EQ(tier.limit(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(tier.try_acquire());
  EXPECT_FALSE(tier.try_acquire());
}

}  // namespace
}  // namespace tokengate::io
