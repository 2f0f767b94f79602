#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/node_pool.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

using blocks = std::vector<void*>;

blocks allocate(std::size_t count, std::size_t size) {
  blocks taken;
  for (std::size_t i = 0; i < count; ++i)
    taken.push_back(std::memset(thread_cache::local().allocate(size), 0xab, size));
  return taken;
}

void deallocate(const blocks& taken, std::size_t size) {
  for (void* block : taken) thread_cache::local().deallocate(block, size);
}

/// Runs on a thread that is new and ends before the return.
template <class Work>
void on_new_thread(Work work) {
  std::thread(work).join();
}

class node_pool_sizes : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(in_and_beyond_the_pool, node_pool_sizes,
                         ::testing::Values(1, 8, 63, 64, 65, 128, 200, 511, 512, 513, 1024, 100'000));

TEST_P(node_pool_sizes, blocks_are_aligned_apart_and_as_large_as_asked) {
  const auto size = GetParam();
  auto taken = allocate(300, size);
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(taken[i]) % thread_cache::granule, 0u);
    if (i == 0) continue;
    ASSERT_GE(static_cast<char*>(taken[i]) - static_cast<char*>(taken[i - 1]), static_cast<std::ptrdiff_t>(size));
  }
  deallocate(taken, size);
}

TEST(node_pool, gives_back_first_what_was_freed_last) {
  auto taken = allocate(2, 100);
  deallocate(taken, 100);
  EXPECT_EQ(allocate(2, 100), (blocks{taken[1], taken[0]}));
  deallocate(taken, 100);
}

TEST(node_pool, blocks_made_on_one_thread_and_freed_on_another_come_back) {
  constexpr std::size_t size = 320, at_once = 1000;
  constexpr int rounds = 100;
  std::set<void*> seen;
  blocks passed;
  std::barrier handed_over(2);
  std::jthread maker([&] {
    for (int round = 0; round < rounds; ++round) {
      passed = allocate(at_once, size);
      seen.insert(passed.begin(), passed.end());
      handed_over.arrive_and_wait();
      handed_over.arrive_and_wait();
    }
  });
  for (int round = 0; round < rounds; ++round) {
    handed_over.arrive_and_wait();
    deallocate(passed, size);
    handed_over.arrive_and_wait();
  }
  EXPECT_LE(seen.size(), at_once + 4 * thread_cache::batch) << "new memory in every round";
}

TEST(node_pool, a_thread_that_only_frees_leaves_its_blocks_to_others) {
  constexpr std::size_t size = 384;
  std::set<void*> seen;
  for (int round = 0; round < 100; ++round) {
    const auto passed = allocate(100, size);
    seen.insert(passed.begin(), passed.end());
    on_new_thread([&] { deallocate(passed, size); });
  }
  EXPECT_LE(seen.size(), 8 * thread_cache::batch) << "new memory in every round";
}

TEST(node_pool, a_thread_that_ends_leaves_its_blocks_to_others) {
  constexpr std::size_t size = 448;
  std::set<void*> seen;
  for (int round = 0; round < 100; ++round) {
    on_new_thread([&] {
      const auto taken = allocate(100, size);
      seen.insert(taken.begin(), taken.end());
      deallocate(taken, size);
    });
  }
  EXPECT_LE(seen.size(), 4 * thread_cache::batch);
}

std::set<void*> late_blocks;

// Destructors of thread-locals may make tokens even after the thread has given its free memory away.
TEST(node_pool, a_thread_keeps_nothing_that_it_takes_at_its_very_end) {
  constexpr std::size_t size = 500;
  struct late {
    ~late() {
      auto& cache = thread_cache::local();
      void* const block = cache.allocate(size);
      late_blocks.insert(block);
      cache.deallocate(block, size);
    }
    int used = 0;
  };
  late_blocks.clear();
  constexpr int threads = 100;
  for (int i = 0; i < threads; ++i)
    std::thread([] {
      static thread_local late ends_after_the_cache;
      ++ends_after_the_cache.used;
      auto& cache = thread_cache::local();
      cache.deallocate(cache.allocate(size), size);
    }).join();
  EXPECT_LT(late_blocks.size(), threads / 2u) << "the same blocks come again";
}

TEST(node_pool, threads_that_exchange_blocks_never_share_one) {
  constexpr int threads = 4, rounds = 2000;
  std::atomic<void*> exchange[64]{};
  testing::together(threads, [&](int index) {
    for (int round = 0; round < rounds; ++round) {
      for (auto& place : exchange) {
        auto* const mine = static_cast<std::uint64_t*>(thread_cache::local().allocate(64));
        const auto mark = static_cast<std::uint64_t>(index) << 32 | static_cast<std::uint64_t>(round);
        std::fill_n(mine, 8, mark);
        for (int i = 0; i < 8; ++i) ASSERT_EQ(mine[i], mark);
        // acq_rel: the block and what is written into it change hands.
        if (void* const others = place.exchange(mine, std::memory_order_acq_rel)) {
          const auto* const words = static_cast<const std::uint64_t*>(others);
          for (int i = 1; i < 8; ++i) ASSERT_EQ(words[i], words[0]);
          thread_cache::local().deallocate(others, 64);
        }
      }
    }
  });
  for (auto& place : exchange) thread_cache::local().deallocate(place.load(), 64);
}

TEST(node_pool, ids_are_unique_ascending_on_a_thread_and_never_zero) {
  constexpr int threads = 4, each = 20'000;
  std::vector<std::vector<std::uint64_t>> ids(threads);
  testing::together(threads, [&](int index) {
    for (int i = 0; i < each; ++i) ids[static_cast<std::size_t>(index)].push_back(thread_cache::local().next_id());
  });
  std::set<std::uint64_t> all;
  for (const auto& part : ids) {
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
    all.insert(part.begin(), part.end());
  }
  EXPECT_EQ(all.size(), std::size_t{threads} * each);
  EXPECT_FALSE(all.contains(0));
}

TEST(node_pool, samples_one_in_so_many) {
  on_new_thread([] {
    auto& cache = thread_cache::local();
    const auto count = [&](std::uint32_t interval) {
      int hits = 0;
      for (int i = 0; i < 6400; ++i) hits += cache.sample(interval) ? 1 : 0;
      return hits;
    };
    EXPECT_EQ(count(1), 6400);
    EXPECT_EQ(count(64), 100);
  });
}

}  // namespace
}  // namespace tokengate::detail
