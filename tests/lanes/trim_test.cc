// Room for children that is not needed any more goes back, and what is in stays in.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/lanes/bound_stack.h>
#include <tokengate/lanes/child_deque.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::some_tokens;

constexpr std::size_t many = 100'000;

class trimming : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { detail::prepare_asymmetric_fence(); }
};

TEST_F(trimming, an_empty_deque_shrinks_to_what_it_began_with) {
  some_tokens tokens(1);
  child_deque children;
  const auto first = children.room();
  for (std::size_t i = 0; i < many; ++i) ASSERT_TRUE(children.push(tokens[0]));
  const auto grown = children.room();
  EXPECT_GE(grown, many);
  children.trim();
  EXPECT_EQ(children.room(), grown) << "it is in use";
  while (children.pop() != nullptr) {
  }
  children.trim();
  EXPECT_EQ(children.room(), first);
  children.trim();
  EXPECT_EQ(children.room(), first);
  for (std::size_t i = 0; i < many; ++i) ASSERT_TRUE(children.push(tokens[0]));
  EXPECT_EQ(children.room(), grown) << "and grows again";
}

TEST_F(trimming, what_is_in_a_deque_stays_in_order) {
  constexpr std::size_t left = 5'000;
  some_tokens tokens(left);
  child_deque children;
  for (std::size_t i = 0; i < many; ++i) ASSERT_TRUE(children.push(tokens[i % left]));
  // From the old end, so that the rest lies anywhere.
  std::array<detail::node*, child_deque::most_at_once> taken;
  std::size_t gone = 0;
  while (children.size() > left) gone += children.steal(taken.data(), std::min(taken.size(), children.size() - left));
  children.trim();
  EXPECT_LE(children.room(), 4 * left);
  EXPECT_EQ(children.size(), many - gone);
  for (std::size_t i = many; i-- > gone;) ASSERT_EQ(children.pop(), &tokens[i % left]);
  EXPECT_EQ(children.pop(), nullptr);
}

TEST_F(trimming, a_deque_keeps_its_limit) {
  some_tokens tokens(1);
  child_deque children(3'000);
  std::size_t in = 0;
  const auto fill = [&] {
    while (children.push(tokens[0])) ++in;
    return in;
  };
  EXPECT_EQ(fill(), 3'000u);
  for (; in > 0; --in) static_cast<void>(children.pop());
  children.trim();
  EXPECT_EQ(fill(), 3'000u);
}

TEST_F(trimming, thieves_meet_an_owner_who_grows_and_trims) {
  constexpr std::size_t count = 3'000, rounds = 60;
  some_tokens tokens(count);
  child_deque children;
  std::vector<std::atomic<std::size_t>> seen(count);
  std::atomic<std::size_t> out{0};
  std::atomic<bool> end{false};
  const auto note = [&](const detail::node* each) {
    seen[static_cast<const testing::plain_token*>(each)->place].fetch_add(1);
    out.fetch_add(1);
  };
  std::jthread thief([&] {
    std::array<detail::node*, child_deque::most_at_once> taken;
    while (!end.load()) {
      const auto got = children.steal(taken.data(), 7);
      for (std::size_t i = 0; i < got; ++i) note(taken[i]);
    }
  });
  for (std::size_t round = 1; round <= rounds; ++round) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(children.push(tokens[i]));
    while (detail::node* const each = children.pop()) {
      note(each);
      children.trim();
    }
    while (out.load() < round * count) std::this_thread::yield();
    children.trim();
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(seen[i].load(), round) << "each comes out once";
  }
  end = true;
}

TEST_F(trimming, a_stack_shrinks_and_keeps_what_is_in) {
  some_tokens tokens(100);
  bound_stack children(many);
  for (std::size_t i = 0; i < many; ++i) ASSERT_TRUE(children.push(tokens[i % 100]));
  const auto grown = children.room();
  children.trim();
  EXPECT_EQ(children.room(), grown) << "it is in use";
  while (children.size() > 100) static_cast<void>(children.pop());
  children.trim();
  EXPECT_LE(children.room(), 512u);
  for (std::size_t i = 100; i-- > 0;) ASSERT_EQ(children.pop(), &tokens[i]);
  for (std::size_t i = 0; i < many; ++i) ASSERT_TRUE(children.push(tokens[0]));
  EXPECT_FALSE(children.push(tokens[0])) << "the limit is what it was";
  while (children.pop() != nullptr) {
  }
  children.trim();
  EXPECT_EQ(children.room(), 0u);
}

}  // namespace
}  // namespace tokengate::lanes
