// Strands: of the tokens of one key one at a time has its turn, in the order in which they came.
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/strands.h>
#include <tokengate/tests/anchors/keyed_token.h>

namespace tokengate::anchors {
namespace {

using testing::keyed_token;
using pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

pairs waiting_in(const strands& all) {
  pairs seen;
  all.for_each([&seen](const detail::node& waiting, const detail::node& holder) {
    seen.emplace_back(waiting.id(), holder.id());
  });
  return seen;
}

TEST(strands, are_entered_one_after_the_other) {
  strands all;
  keyed_token first(1, 7), second(2, 7), third(3, 7), other(4, 8);
  EXPECT_TRUE(all.vacant(first));
  EXPECT_TRUE(all.enter(first));
  EXPECT_FALSE(all.vacant(second));
  EXPECT_FALSE(all.enter(second));
  EXPECT_FALSE(all.enter(third));
  EXPECT_TRUE(all.enter(other)) << "another key";
  EXPECT_EQ(waiting_in(all), (pairs{{2, 1}, {3, 1}}));
  EXPECT_TRUE(all.empty()) << "nobody's turn has come by leave()";
  EXPECT_EQ(all.pop(), nullptr);

  all.leave(first);
  EXPECT_FALSE(all.vacant(third)) << "it is the turn of the second";
  EXPECT_FALSE(all.empty());
  EXPECT_EQ(all.pop(), &second);
  EXPECT_TRUE(all.empty());
  EXPECT_TRUE(all.enter(second)) << "it has its turn";
  EXPECT_FALSE(all.enter(first)) << "at the end of the line";
  all.leave(second);
  EXPECT_EQ(all.pop(), &third);
  all.leave(third);
  EXPECT_EQ(all.pop(), &first);
  all.leave(first);
  EXPECT_EQ(all.pop(), nullptr);
  EXPECT_TRUE(all.vacant(first));
  EXPECT_FALSE(all.vacant(other));
  all.leave(other);
}

TEST(strands, turns_of_several_keys_come_out_oldest_first) {
  strands all;
  std::vector<keyed_token> holders, waiting;
  for (std::uint64_t i = 0; i < 5; ++i) holders.emplace_back(i + 1, i * 256), waiting.emplace_back(i + 10, i * 256);
  for (auto& each : holders) EXPECT_TRUE(all.enter(each));
  for (auto& each : waiting) EXPECT_FALSE(all.enter(each));
  for (const std::size_t i : {3u, 0u, 4u, 1u, 2u}) all.leave(holders[i]);
  for (const std::size_t i : {3u, 0u, 4u, 1u, 2u}) EXPECT_EQ(all.pop(), &waiting[i]);
  for (auto& each : waiting) all.leave(each);
  for (auto& each : waiting) EXPECT_TRUE(all.vacant(each));
}

TEST(strands, of_many_keys_with_many_tokens_keep_their_orders) {
  constexpr std::uint64_t keys = 1000, each_has = 20;
  strands all;
  std::vector<keyed_token> tokens;
  tokens.reserve(keys * each_has);
  std::vector<keyed_token*> runs;
  for (std::uint64_t i = 0; i < keys * each_has; ++i) {
    tokens.emplace_back(i + 1, i % keys);
    if (all.enter(tokens.back())) runs.push_back(&tokens.back());
  }
  EXPECT_EQ(runs.size(), keys);
  EXPECT_EQ(waiting_in(all).size(), keys * (each_has - 1));
  std::vector<std::uint64_t> last(keys, 0);
  std::size_t ran = 0;
  while (!runs.empty()) {
    for (keyed_token* const each : runs) {
      EXPECT_GT(each->id(), last[each->key()]);
      last[each->key()] = each->id();
      ++ran;
      all.leave(*each);
    }
    runs.clear();
    while (detail::node* const next = all.pop()) runs.push_back(static_cast<keyed_token*>(next));
  }
  EXPECT_EQ(ran, keys * each_has);
}

}  // namespace
}  // namespace tokengate::anchors
