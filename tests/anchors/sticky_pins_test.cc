// Pins: one core for a key while there are tokens of it, forgotten with the last one.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/sticky_pins.h>

namespace tokengate::anchors {
namespace {

/// As good as random, as fingerprints are.
std::uint64_t key_of(std::uint64_t n) { return (n + 1) * 0x9e37'79b9'7f4a'7c15; }

TEST(sticky_pins, hold_a_core_until_the_last_token_has_ended) {
  sticky_pins pins;
  EXPECT_EQ(pins.hold(7, 1, [] { return std::uint16_t{3}; }), 3);
  EXPECT_EQ(pins.hold(7, 2, [] { return std::uint16_t{5}; }), 3) << "chosen for the first";
  EXPECT_EQ(pins.tokens(7), 2u);
  pins.release(7);
  EXPECT_EQ(pins.hold(7, 2, [] { return std::uint16_t{5}; }), 3) << "one is still there";
  pins.release(7);
  pins.release(7);
  EXPECT_EQ(pins.tokens(7), 0u);
  EXPECT_TRUE(pins.snapshot().empty());
  EXPECT_EQ(pins.hold(7, 2, [] { return std::uint16_t{5}; }), 5) << "chosen anew";
  pins.release(7);
}

TEST(sticky_pins, show_what_they_hold) {
  sticky_pins pins;
  for (std::uint64_t i = 0; i < 1000; ++i)
    for (std::uint64_t times = 0; times <= i % 3; ++times)
      pins.hold(key_of(i), static_cast<std::uint32_t>(i), [i] { return static_cast<std::uint16_t>(i % 7); });
  auto all = pins.snapshot();
  ASSERT_EQ(all.size(), 1000u);
  std::sort(all.begin(), all.end(), [](const pin& a, const pin& b) { return a.operation < b.operation; });
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(all[i].key, key_of(i));
    EXPECT_EQ(all[i].core, i % 7);
    EXPECT_EQ(all[i].tokens, i % 3 + 1);
  }
}

TEST(sticky_pins, stay_as_they_are_when_no_core_can_be_chosen) {
  sticky_pins pins;
  EXPECT_THROW(pins.hold(7, 1, []() -> std::uint16_t { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_TRUE(pins.snapshot().empty());
}

// Whoever holds a key at the same time as another thread has the same core for it.
TEST(sticky_pins, agree_among_threads) {
  constexpr std::size_t threads = 4, rounds = 20'000;
  constexpr std::uint64_t keys = 3;
  sticky_pins pins;
  // What each thread holds: set after hold(), cleared before release(); key in the upper half, core in the lower.
  struct alignas(64) {
    std::atomic<std::uint64_t> held{0};
  } now[threads];
  std::atomic<int> differences{0}, met{0};
  std::vector<std::thread> all;
  for (std::size_t thread = 0; thread < threads; ++thread)
    all.emplace_back([&, thread] {
      for (std::size_t i = 0; i < rounds; ++i) {
        const std::uint64_t which = (i * (thread + 1)) % keys + 1;
        const std::uint64_t core = pins.hold(key_of(which), 1, [&] { return static_cast<std::uint16_t>(i % 1000); });
        now[thread].held.store(which << 32 | core);
        for (const auto& other : now) {
          const auto seen = other.held.load();
          if (seen >> 32 != which || &other == &now[thread]) continue;
          met.fetch_add(1);
          if ((seen & 0xffff) != core) differences.fetch_add(1);
        }
        if (i % 64 == 0) std::this_thread::yield();
        now[thread].held.store(0);
        pins.release(key_of(which));
      }
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(differences, 0);
  EXPECT_GT(met, 0);
  EXPECT_TRUE(pins.snapshot().empty());
}

TEST(sticky_pins, give_memory_back) {
  sticky_pins pins;
  for (std::uint64_t i = 0; i < 200'000; ++i) pins.hold(key_of(i), 1, [] { return std::uint16_t{0}; });
  const auto most = pins.room();
  for (std::uint64_t i = 0; i < 200'000; ++i) pins.release(key_of(i));
  pins.trim();
  EXPECT_LT(pins.room(), most / 20);
}

}  // namespace
}  // namespace tokengate::anchors
