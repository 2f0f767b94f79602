#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/magazine_depot.h>
#include <tokengate/core/node_arena.h>
#include <tokengate/core/node_pool.h>

namespace tokengate::detail {
namespace {

constexpr std::size_t kind = 5, block_size = (kind + 1) * thread_cache::granule;

/// Blocks that went from this thread's magazines to another one's.
std::set<void*> passed_on(std::size_t count) {
  std::vector<void*> taken;
  for (std::size_t i = 0; i < count; ++i) taken.push_back(thread_cache::local().allocate(block_size));
  std::set<void*> all(taken.begin(), taken.end());
  EXPECT_EQ(all.size(), count);
  std::thread([&taken] {
    for (void* each : taken) thread_cache::local().deallocate(each, block_size);
  }).join();
  return all;
}

TEST(magazine_depot, exchanges_a_full_magazine_for_an_empty_one_untouched) {
  auto& depot = magazine_depot::instance();
  magazine* mine = depot.take_empty(kind);
  ASSERT_NE(mine, nullptr);
  std::uint32_t count = 0;
  depot.refill(kind, mine, count);
  while (count < magazine::size) mine->blocks[count++] = thread_cache::local().allocate(block_size);
  void* before[magazine::size];
  std::copy(mine->blocks, mine->blocks + magazine::size, before);
  for (void* each : before) std::memset(each, 0x5a, block_size);
  magazine* const full = mine;
  depot.exchange_full(kind, mine);
  ASSERT_NE(mine, full);
  depot.refill(kind, mine, count);
  ASSERT_EQ(mine, full) << "what came in last goes out first";
  ASSERT_EQ(count, magazine::size);
  for (std::size_t i = 0; i < magazine::size; ++i) {
    ASSERT_EQ(mine->blocks[i], before[i]);
    const auto* const bytes = static_cast<const unsigned char*>(before[i]);
    ASSERT_TRUE(std::all_of(bytes, bytes + block_size, [](unsigned char byte) { return byte == 0x5a; }));
  }
  depot.exchange_full(kind, mine);
  depot.give_empty(kind, *mine);
}

TEST(magazine_depot, what_nobody_needs_goes_to_the_arena_and_serves_again) {
  const auto first = passed_on(20 * magazine::size);
  auto& arena = node_arena::instance();
  // The first call notes what is there, the second finds it unneeded, the third finds the slabs empty.
  std::size_t released = 0;
  for (int i = 0; i < 4; ++i) released += arena.release_idle();
  EXPECT_GT(released, 0u);
  const auto again = passed_on(20 * magazine::size);
  EXPECT_EQ(again.size(), first.size());
}

TEST(magazine_depot, keeps_a_bounded_number_of_blocks) {
  constexpr std::size_t many = std::size_t{1} << 16;  // 24 MB of them
  passed_on(many);
  auto& arena = node_arena::instance();
  // All but a megabyte is in the arena at once, where two calls release it; what the depot has takes more.
  std::size_t released = arena.release_idle();
  released += arena.release_idle();
  EXPECT_GT(released, many * block_size - (std::size_t{3} << 20));
}

}  // namespace
}  // namespace tokengate::detail
