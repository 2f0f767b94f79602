// Strands: of the tokens of one key one at a time has its turn, in the order in which they came.
#include <cstdint>
#include <string>
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

TEST(strands, are_left_for_a_while_by_some_together) {
  for (const std::uint64_t along : {0u, 2u, 3u, 4u, 23u, 24u, 34u, 234u}) {
    strands all;
    std::vector<keyed_token> tokens;
    for (std::uint64_t id = 1; id <= 5; ++id) tokens.emplace_back(id, 7);
    for (auto& each : tokens) EXPECT_EQ(all.enter(each), &each == &tokens.front());
    std::vector<std::uint64_t> asked, gone{1}, left;
    all.step_aside(tokens[0], [&](const detail::node& behind) {
      asked.push_back(behind.id());
      const bool goes = std::to_string(along).find(std::to_string(behind.id())) != std::string::npos;
      (goes ? gone : left).push_back(behind.id());
      return goes;
    });
    EXPECT_EQ(asked, (std::vector<std::uint64_t>{2, 3, 4, 5}));
    for (const auto id : gone) EXPECT_FALSE(all.enter(tokens[id - 1])) << "behind those that stayed";
    left.insert(left.end(), gone.begin(), gone.end());
    for (const auto id : left) {
      EXPECT_EQ(all.pop(), &tokens[id - 1]);
      all.leave(tokens[id - 1]);
    }
    EXPECT_TRUE(all.vacant(tokens[0]));
  }
  strands all;
  keyed_token one(1, 7), two(2, 7);
  EXPECT_TRUE(all.enter(one));
  EXPECT_FALSE(all.enter(two));
  all.step_aside(one, [](const detail::node&) { return true; });
  EXPECT_TRUE(all.vacant(one));
  EXPECT_TRUE(all.empty());
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
