#include <atomic>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/stop_request.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

constexpr std::uint64_t id = 123'456'789'012;

TEST(stop_request, is_made_once_and_the_first_one_counts) {
  stop_request word;
  word.clear(id);
  EXPECT_FALSE(word.made());
  EXPECT_FALSE(word.made_late());
  EXPECT_EQ(word.reason(), 0u);
  EXPECT_TRUE(word.make(id, stop_cause::killed, 17));
  EXPECT_TRUE(word.made());
  EXPECT_FALSE(word.made_late());
  EXPECT_EQ(word.reason(), 17u);
  EXPECT_FALSE(word.make(id, stop_cause::late, 18));
  EXPECT_FALSE(word.made_late());
  EXPECT_EQ(word.reason(), 17u);
  word.clear(id + 1);
  EXPECT_FALSE(word.made()) << "another token";
  EXPECT_EQ(word.reason(), 0u);
}

TEST(stop_request, keeps_every_reason_and_the_cause_apart) {
  for (const std::uint32_t reason : {0u, 1u, 2u, 0x800u, stop_request::reason_mask})
    for (const auto cause : {stop_cause::killed, stop_cause::late}) {
      stop_request word;
      word.clear(id);
      ASSERT_TRUE(word.make(id, cause, reason));
      EXPECT_EQ(word.reason(), reason);
      EXPECT_EQ(word.made_late(), cause == stop_cause::late);
      EXPECT_FALSE(word.abandoned());
    }
}

TEST(stop_request, is_refused_for_another_token) {
  stop_request word;
  word.clear(id);
  for (const auto other : {id + 1, id - 1, id << 1, std::uint64_t{0}}) {
    EXPECT_FALSE(word.make(other, stop_cause::killed, 1));
    EXPECT_FALSE(word.give_up(other));
  }
  EXPECT_FALSE(word.made());
  EXPECT_FALSE(word.abandoned());
}

TEST(stop_request, a_token_may_be_given_up_once_before_or_after_a_request) {
  for (const bool before : {false, true}) {
    stop_request word;
    word.clear(id);
    if (!before) {
      ASSERT_TRUE(word.make(id, stop_cause::killed, 5));
    }
    EXPECT_TRUE(word.give_up(id));
    EXPECT_FALSE(word.give_up(id));
    EXPECT_TRUE(word.abandoned());
    if (before) {
      EXPECT_FALSE(word.made());
      EXPECT_TRUE(word.make(id, stop_cause::killed, 5));
    }
    EXPECT_TRUE(word.made());
    EXPECT_EQ(word.reason(), 5u);
  }
}

TEST(stop_request, of_many_threads_one_wins_and_its_reason_stays) {
  constexpr int threads = 4, rounds = 5000;
  std::vector<stop_request> words(rounds);
  std::vector<std::atomic<int>> wins(rounds), given_up(rounds);
  std::vector<std::atomic<std::uint32_t>> winner(rounds);
  for (std::size_t i = 0; i < words.size(); ++i) words[i].clear(i + 1);
  testing::meeting_point start(threads);
  testing::together(threads, [&](int index) {
    for (std::size_t round = 0; round < rounds; ++round) {
      start.arrive_and_wait();
      if (index == 0 && words[round].give_up(round + 1)) given_up[round].fetch_add(1);
      const auto reason = static_cast<std::uint32_t>(index + 1);
      if (words[round].make(round + 1, index % 2 == 0 ? stop_cause::killed : stop_cause::late, reason)) {
        wins[round].fetch_add(1);
        winner[round] = reason;
      }
      ASSERT_FALSE(words[round].make(round + 2, stop_cause::killed, 9));
    }
  });
  for (std::size_t round = 0; round < rounds; ++round) {
    ASSERT_EQ(wins[round], 1);
    ASSERT_EQ(given_up[round], 1);
    ASSERT_EQ(words[round].reason(), winner[round]);
    ASSERT_EQ(words[round].made_late(), winner[round] % 2 == 0);
    ASSERT_TRUE(words[round].abandoned());
  }
}

TEST(stop_request, who_sees_it_sees_what_its_maker_meant) {
  constexpr std::size_t rounds = 20'000;
  std::vector<stop_request> words(rounds);
  for (std::size_t i = 0; i < rounds; ++i) words[i].clear(i + 1);
  testing::race(
      rounds,
      [&](int round) {
        words[static_cast<std::size_t>(round)].make(static_cast<std::uint64_t>(round) + 1, stop_cause::late, 77);
      },
      [&](int round) {
        const auto& word = words[static_cast<std::size_t>(round)];
        if (!word.made()) return;
        ASSERT_EQ(word.reason(), 77u);
        ASSERT_TRUE(word.made_late());
      });
}

}  // namespace
}  // namespace tokengate::detail
