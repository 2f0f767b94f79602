#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/node_arena.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

using block = thread_cache::block;

/// Takes `count` blocks of a class at least, batch by batch.
std::vector<block*> take(std::size_t index, std::size_t count) {
  std::vector<block*> taken;
  while (taken.size() < count) {
    std::uint32_t got = 0;
    block* chain = node_arena::instance().take(index, got);
    EXPECT_GE(got, 1u);
    EXPECT_LE(got, thread_cache::batch);
    for (std::uint32_t i = 0; i < got; ++i) {
      taken.push_back(chain);
      chain = chain->next;
    }
    EXPECT_EQ(chain, nullptr) << "a chain is as long as it says";
  }
  return taken;
}

void give(std::size_t index, const std::vector<block*>& taken) {
  for (auto* each : taken) {
    each->next = nullptr;
    node_arena::instance().give(index, each);
  }
}

/// How often each block is shown.
std::multiset<void*> shown() {
  std::multiset<void*> all;
  node_arena::instance().for_each(
      [](void* at, void* context) { static_cast<std::multiset<void*>*>(context)->insert(at); }, &all);
  return all;
}

class node_arena_classes : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(all, node_arena_classes, ::testing::Range(std::size_t{0}, thread_cache::classes));

TEST_P(node_arena_classes, blocks_are_apart_aligned_known_and_shown_once) {
  const auto size = (GetParam() + 1) * thread_cache::granule;
  const auto taken = take(GetParam(), 10'000);
  auto sorted = taken;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(sorted[i]) % thread_cache::granule, 0u);
    ASSERT_TRUE(node_arena::instance().contains(sorted[i]));
    if (i != 0) {
      ASSERT_GE(reinterpret_cast<char*>(sorted[i]) - reinterpret_cast<char*>(sorted[i - 1]),
                static_cast<std::ptrdiff_t>(size));
    }
    std::memset(static_cast<void*>(sorted[i]), 0x5a, size);
  }
  const auto seen = shown();
  for (auto* each : taken) ASSERT_EQ(seen.count(each), 1u);
  give(GetParam(), taken);
}

TEST_P(node_arena_classes, what_was_given_back_is_used_again) {
  const auto first = take(GetParam(), 5000);
  give(GetParam(), first);
  const auto second = take(GetParam(), first.size());
  const std::set<block*> known(first.begin(), first.end());
  const auto old = std::count_if(second.begin(), second.end(), [&](auto* each) { return known.contains(each); });
  EXPECT_GE(old + 2 * static_cast<std::ptrdiff_t>(thread_cache::batch), static_cast<std::ptrdiff_t>(first.size()));
  give(GetParam(), second);
}

TEST_P(node_arena_classes, empty_slabs_go_back_when_they_stay_empty) {
  auto& arena = node_arena::instance();
  static_cast<void>(arena.release_idle());
  static_cast<void>(arena.release_idle());
  const auto taken = take(GetParam(), 20'000);
  const auto bytes = taken.size() * (GetParam() + 1) * thread_cache::granule;
  EXPECT_EQ(arena.release_idle() + arena.release_idle(), 0u) << "all are in use";
  give(GetParam(), taken);
  EXPECT_EQ(arena.release_idle(), 0u) << "they have just become empty";
  const auto released = arena.release_idle();
  EXPECT_GE(released + (std::size_t{512} << 10), bytes) << "but for slabs that are used by others in part";
  EXPECT_EQ(arena.release_idle(), 0u);
  const auto seen = shown();
  std::size_t still = 0;
  for (auto* each : taken) still += seen.count(each);
  EXPECT_LE(still * (GetParam() + 1) * thread_cache::granule, std::size_t{512} << 10);
  for (const block* each : taken) {
    if (seen.contains(const_cast<block*>(each))) continue;
    ASSERT_EQ(each->kept, 0u) << "what is gone may be looked at, and is nothing";
  }
  // The slabs serve any class again.
  const auto other = (GetParam() + 3) % thread_cache::classes;
  const auto again = take(other, 1000);
  for (auto* each : again) std::memset(static_cast<void*>(each), 1, (other + 1) * thread_cache::granule);
  give(other, again);
}

TEST_P(node_arena_classes, a_slab_that_was_used_in_between_is_kept) {
  auto& arena = node_arena::instance();
  static_cast<void>(arena.release_idle());
  static_cast<void>(arena.release_idle());
  const auto taken = take(GetParam(), 1);
  give(GetParam(), taken);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(arena.release_idle(), 0u) << i;
    give(GetParam(), take(GetParam(), 1));
  }
}

TEST(node_arena, large_nodes_are_shown_but_not_its_own) {
  auto& arena = node_arena::instance();
  for (const std::size_t alignment : {std::size_t{64}, std::size_t{128}, std::size_t{4096}})
    for (const std::size_t size : {std::size_t{8}, std::size_t{600}, std::size_t{100'000}}) {
      void* const node = arena.allocate_large(size, alignment);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(node) % alignment, 0u);
      EXPECT_FALSE(arena.contains(node));
      EXPECT_EQ(*static_cast<std::uint64_t*>(node), 0u) << "no token yet";
      std::memset(node, 0x77, size);
      EXPECT_EQ(shown().count(node), 1u);
      arena.deallocate_large(node);
      EXPECT_EQ(shown().count(node), 0u);
    }
}

TEST(node_arena, many_threads_take_give_look_and_release) {
  constexpr int threads = 4, rounds = 60;
  auto& arena = node_arena::instance();
  std::atomic<std::uint64_t> looked{0};
  testing::together(threads, [&](int index) {
    for (int round = 0; round < rounds; ++round) {
      const auto kind = static_cast<std::size_t>(index + round) % thread_cache::classes;
      const auto words = (kind + 1) * thread_cache::granule / sizeof(std::uint64_t);
      const auto taken = take(kind, 1500);
      const auto mark = static_cast<std::uint64_t>(index) << 32 | static_cast<std::uint64_t>(round);
      // The first word is what others look at.
      for (auto* each : taken) std::fill_n(reinterpret_cast<std::uint64_t*>(each) + 1, words - 1, mark);
      if (index == 0)
        arena.for_each([](void*, void* count) { static_cast<std::atomic<std::uint64_t>*>(count)->fetch_add(1); },
                       &looked);
      if (index == 1) static_cast<void>(arena.release_idle());
      void* const large = arena.allocate_large(700, 64);
      for (auto* each : taken) {
        const auto* const from = reinterpret_cast<std::uint64_t*>(each);
        ASSERT_TRUE(std::all_of(from + 1, from + words, [mark](auto word) { return word == mark; }))
            << "a block was given out twice";
      }
      give(kind, taken);
      arena.deallocate_large(large);
    }
  });
  EXPECT_GT(looked, 0u);
}

}  // namespace
}  // namespace tokengate::detail
