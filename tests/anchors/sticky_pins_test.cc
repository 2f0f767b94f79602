// Pins: one core for a key while there are tokens of it, forgotten with the last one.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/sticky_pins.h>

namespace {

/// How many more times this thread gets memory; below 0: always.
thread_local int grants = -1;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  if (grants == 0) throw std::bad_alloc();
  if (grants > 0) --grants;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tokengate::anchors {
namespace {

/// As good as random, as fingerprints are.
std::uint64_t key_of(std::uint64_t n) { return (n + 1) * 0x9e37'79b9'7f4a'7c15; }

TEST(sticky_pins, hold_a_core_until_the_last_token_has_ended) {
  sticky_pins pins;
  const auto first = pins.hold(7, 1, [] { return std::uint16_t{3}; });
  EXPECT_EQ(first.core, 3);
  const auto second = pins.hold(7, 2, [] { return std::uint16_t{5}; });
  EXPECT_EQ(second.core, 3) << "chosen for the first";
  EXPECT_EQ(second.tokens, first.tokens);
  EXPECT_EQ(*first.tokens, 2u);
  sticky_pins::release(*first.tokens);
  EXPECT_EQ(pins.hold(7, 2, [] { return std::uint16_t{5}; }).core, 3) << "one is still there";
  sticky_pins::release(*second.tokens);
  sticky_pins::release(*second.tokens);
  EXPECT_TRUE(pins.snapshot().empty());
  const auto anew = pins.hold(7, 2, [] { return std::uint16_t{5}; });
  EXPECT_EQ(anew.core, 5) << "chosen anew";
  ASSERT_EQ(pins.snapshot().size(), 1u);
  EXPECT_EQ(pins.snapshot()[0].operation, 2u);
  sticky_pins::release(*anew.tokens);
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

TEST(sticky_pins, lose_nothing_when_there_is_no_memory) {
  sticky_pins pins;
  constexpr std::uint64_t keys = 5'000;
  int refused = 0;
  for (std::uint64_t i = 0; i < keys; ++i) {
    for (int granted = 0;; ++granted, ++refused) {
      grants = granted;
      try {
        pins.hold(key_of(i), 1, [] { return std::uint16_t{4}; });
        break;
      } catch (const std::bad_alloc&) {
      }
    }
    grants = -1;
  }
  EXPECT_GT(refused, static_cast<int>(keys)) << "each key wants memory, and some a larger table as well";
  const auto all = pins.snapshot();
  EXPECT_EQ(all.size(), keys);
  for (const pin& each : all) EXPECT_EQ(each.tokens, 1u);
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
        const auto mine = pins.hold(key_of(which), 1, [&] { return static_cast<std::uint16_t>(i % 1000); });
        now[thread].held.store(which << 32 | mine.core);
        for (const auto& other : now) {
          const auto seen = other.held.load();
          if (seen >> 32 != which || &other == &now[thread]) continue;
          met.fetch_add(1);
          if ((seen & 0xffff) != mine.core) differences.fetch_add(1);
        }
        if (i % 64 == 0) std::this_thread::yield();
        now[thread].held.store(0);
        sticky_pins::release(*mine.tokens);
        // Many others, so that places of those that are gone are used again meanwhile.
        sticky_pins::release(*pins.hold(key_of(10 + i % 1000), 1, [] { return std::uint16_t{0}; }).tokens);
        if (i % 1024 == 0) pins.trim();
      }
    });
  for (auto& each : all) each.join();
  EXPECT_EQ(differences, 0);
  EXPECT_GT(met, 0);
  EXPECT_TRUE(pins.snapshot().empty());
}

TEST(sticky_pins, give_memory_back) {
  sticky_pins pins;
  std::vector<sticky_pins::count*> held;
  const auto hold = [&](std::uint64_t key) {
    held.push_back(pins.hold(key_of(key), 1, [] { return std::uint16_t{0}; }).tokens);
  };
  for (std::uint64_t i = 0; i < 200'000; ++i) hold(i);
  const auto most = pins.room();
  pins.trim();
  EXPECT_EQ(pins.snapshot().size(), 200'000u) << "nothing that is needed";
  for (auto* const each : held) sticky_pins::release(*each);
  pins.trim();
  EXPECT_LT(pins.room(), most / 20);
}

// However many come one after the other: places of those that are gone are used again.
TEST(sticky_pins, need_memory_for_those_that_are_there_only) {
  sticky_pins pins;
  const auto kept = pins.hold(key_of(0), 1, [] { return std::uint16_t{9}; });
  for (std::uint64_t i = 1; i < 300'000; ++i)
    sticky_pins::release(*pins.hold(key_of(i), 1, [] { return std::uint16_t{0}; }).tokens);
  EXPECT_LT(pins.room(), 64u * 128);
  EXPECT_EQ(pins.hold(key_of(0), 1, [] { return std::uint16_t{0}; }).core, 9) << "still there";
  EXPECT_EQ(*kept.tokens, 2u);
  EXPECT_EQ(pins.snapshot().size(), 1u);
}

}  // namespace
}  // namespace tokengate::anchors
