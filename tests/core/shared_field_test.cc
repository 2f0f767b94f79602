#include <cstdint>
#include <new>

#include <gtest/gtest.h>

#include <tokengate/core/shared_field.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

TEST(shared_field, is_read_and_written_like_what_it_stands_for) {
  shared_field<std::uint32_t> field = 3;
  EXPECT_EQ(field, 3u);
  EXPECT_EQ(field = 4, 4u);
  EXPECT_EQ(field.load(std::memory_order_acquire), 4u);
  EXPECT_EQ(field.fetch_add(2, std::memory_order_acq_rel), 4u);
  EXPECT_EQ(field.fetch_and(~2u, std::memory_order_acq_rel), 6u);
  EXPECT_EQ(field, 4u);
}

TEST(shared_field, is_exchanged_only_for_what_was_expected) {
  shared_field<std::uint64_t> field = 1;
  std::uint64_t expected = 7;
  EXPECT_FALSE(field.compare_exchange(expected, 9, std::memory_order_acq_rel));
  EXPECT_EQ(expected, 1u) << "what there is instead";
  while (!field.compare_exchange(expected, 9, std::memory_order_acq_rel)) {  // may fail for no reason
  }
  EXPECT_EQ(field, 9u);
}

TEST(shared_field, takes_no_more_room_and_needs_no_construction) {
  static_assert(sizeof(shared_field<std::uint64_t>) == sizeof(std::uint64_t));
  static_assert(sizeof(shared_field<std::uint8_t>) == 1);
  static_assert(std::is_trivially_destructible_v<shared_field<void*>>);
  alignas(8) unsigned char memory[8] = {5, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_NE(::new (memory) shared_field<std::uint64_t>, nullptr);
}

TEST(shared_field, counts_for_many_threads) {
  shared_field<std::uint64_t> sum = 0;
  testing::together(4, [&](int) {
    for (int i = 0; i < 20'000; ++i) sum.fetch_add(1, std::memory_order_relaxed);
  });
  EXPECT_EQ(sum, 80'000u);
}

}  // namespace
}  // namespace tokengate::detail
