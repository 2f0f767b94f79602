// How the cache storm judges: what tokens of a key saw, and what pins() showed meanwhile.
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/plugins/cache_storm/story.h>

namespace tokengate::cache_storm {
namespace {

time_point at(int milliseconds) { return time_point(std::chrono::milliseconds(milliseconds)); }

/// A token that was submitted, began and ended then.
seen_visit on(unsigned core, int submitted, int began, int ended) {
  return {at(submitted), {.value = 0, .core = core, .moved = false, .began = at(began), .ended = at(ended)}};
}

TEST(story, a_key_that_stays) {
  const story key = tell(std::vector{on(1, 0, 1, 100), on(1, 50, 51, 150), on(1, 60, 60, 160)});
  EXPECT_EQ(key.tokens, 3u);
  EXPECT_EQ(key.cores, std::vector{1u});
  EXPECT_EQ(key.moves, 0u);
  EXPECT_EQ(key.late, 0u);
  EXPECT_FALSE(key.split_with);
  EXPECT_EQ(tell({}).tokens, 0u);
}

TEST(story, a_key_on_two_cores_at_once) {
  const story key = tell(std::vector{on(1, 0, 1, 100), on(0, 99, 100, 200)});
  ASSERT_TRUE(key.split_with);
  EXPECT_EQ(*key.split_with, 1u);
  EXPECT_EQ(key.cores.back(), 0u);
}

TEST(story, the_longest_token_holds_the_pin) {
  EXPECT_TRUE(tell(std::vector{on(1, 0, 1, 100), on(1, 10, 10, 20), on(0, 50, 51, 60)}).split_with);
  EXPECT_FALSE(tell(std::vector{on(1, 0, 1, 40), on(1, 10, 10, 20), on(0, 50, 51, 60)}).split_with);
}

TEST(story, a_key_that_nobody_holds_may_move) {
  const story key = tell(std::vector{on(1, 0, 1, 10), on(0, 11, 12, 20), on(0, 13, 14, 22), on(1, 30, 31, 40)});
  EXPECT_FALSE(key.split_with);
  EXPECT_EQ(key.moves, 2u);
  EXPECT_EQ(key.cores, (std::vector{1u, 0u, 1u}));
}

TEST(story, a_token_that_changes_its_core) {
  std::vector visits{on(1, 0, 1, 10)};
  visits.front().what.moved = true;
  EXPECT_TRUE(tell(visits).split_with);
}

TEST(story, tokens_that_overtake) {
  EXPECT_EQ(tell(std::vector{on(1, 0, 5, 10), on(1, 1, 4, 12), on(1, 2, 3, 13), on(1, 3, 6, 14)}).late, 2u);
}

TEST(snapshot, is_laid_beside_what_ran_all_the_while) {
  const std::vector visits{on(1, 0, 1, 100), on(1, 10, 11, 100), on(1, 40, 40, 100), on(1, 60, 60, 100)};
  const auto shown = [&](std::vector<pin_status> pins, int before = 50, int after = 51) {
    return contradiction({at(before), at(after), std::move(pins)}, 7, visits);
  };
  EXPECT_EQ(shown({{"storm", 5, 0, 1}, {"storm", 7, 1, 3}}), "");
  EXPECT_EQ(shown({{"storm", 7, 1, 4}}), "") << "one more may have been on its way";
  EXPECT_EQ(shown({}), "was not pinned while a token of it was in flight");
  EXPECT_EQ(shown({{"storm", 8, 1, 3}}), "was not pinned while a token of it was in flight");
  EXPECT_EQ(shown({{"storm", 7, 0, 3}}), "was pinned to core 0 while its tokens ran on core 1");
  EXPECT_EQ(shown({{"storm", 7, 1, 2}}), "was pinned for 2 tokens while 3 were in flight");
  EXPECT_EQ(shown({}, 50, 101), "") << "all had ended before it was there";
}

TEST(storm_operations, a_key_is_a_number) {
  EXPECT_EQ(pinned_as(101, false), pinned_as(101, false));
  EXPECT_NE(pinned_as(101, false), pinned_as(202, false));
  EXPECT_NE(pinned_as(101, false), pinned_as(101, true)) << "another anchor";
}

}  // namespace
}  // namespace tokengate::cache_storm
