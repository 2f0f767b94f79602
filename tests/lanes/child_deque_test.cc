#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/lanes/child_deque.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

TEST(child_deque, an_empty_one_gives_nothing) {
  child_deque children;
  EXPECT_EQ(children.size(), 0u);
  EXPECT_EQ(children.pop(), nullptr);
  EXPECT_EQ(children.steal(), nullptr);
  EXPECT_EQ(children.newest(), nullptr);
  EXPECT_EQ(children.pop(), nullptr) << "asking does not change it";
  EXPECT_EQ(children.size(), 0u);
}

TEST(child_deque, its_owner_takes_the_newest_and_thieves_the_oldest) {
  some_tokens tokens(6);
  child_deque children;
  for (std::size_t i = 0; i < 6; ++i) {
    children.push(tokens[i]);
    EXPECT_EQ(children.newest(), &tokens[i]);
  }
  EXPECT_EQ(children.size(), 6u);
  EXPECT_EQ(children.steal(), &tokens[0]);
  EXPECT_EQ(children.pop(), &tokens[5]);
  EXPECT_EQ(children.newest(), &tokens[4]);
  EXPECT_EQ(children.steal(), &tokens[1]);
  EXPECT_EQ(children.steal(), &tokens[2]);
  EXPECT_EQ(children.pop(), &tokens[4]);
  EXPECT_EQ(children.size(), 1u);
  EXPECT_EQ(children.pop(), &tokens[3]);
  EXPECT_EQ(children.steal(), nullptr);
  children.push(tokens[0]);
  EXPECT_EQ(children.steal(), &tokens[0]);
  EXPECT_EQ(children.pop(), nullptr);
}

TEST(child_deque, grows_and_keeps_the_order) {
  constexpr std::size_t count = 10'000;
  some_tokens tokens(count);
  child_deque children;
  // Some are stolen first, so that the ring has wrapped when it grows.
  for (std::size_t i = 0; i < 200; ++i) children.push(tokens[i]);
  for (std::size_t i = 0; i < 150; ++i) ASSERT_EQ(children.steal(), &tokens[i]);
  for (std::size_t i = 200; i < count; ++i) children.push(tokens[i]);
  EXPECT_EQ(children.size(), count - 150);
  for (std::size_t i = 150; i < 5000; ++i) ASSERT_EQ(children.steal(), &tokens[i]);
  for (std::size_t i = count; i-- > 5000;) ASSERT_EQ(children.pop(), &tokens[i]);
  EXPECT_EQ(children.pop(), nullptr);
}

class child_deque_stress : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(thieves, child_deque_stress, ::testing::Values(1, 2, 3));

/// The owner pushes in bursts and pops some of each; `burst` decides how often the deque runs dry and how far it grows.
void push_pop_and_steal(int thieves, std::size_t count, unsigned burst) {
  some_tokens tokens(count);
  std::vector<std::atomic<int>> taken(count);
  const auto note = [&](const detail::node* token) {
    taken[static_cast<const plain_token*>(token)->place].fetch_add(1, std::memory_order_relaxed);
  };
  child_deque children;
  std::atomic<bool> done{false};
  testing::together(thieves + 1, [&](int index) {
    if (index == 0) {
      std::mt19937 random(burst);
      for (std::size_t next = 0; next < count;) {
        for (unsigned i = random() % burst + 1; i > 0 && next < count; --i) children.push(tokens[next++]);
        for (unsigned i = random() % burst; i > 0; --i)
          if (const auto* const token = children.pop()) note(token);
      }
      while (const auto* const token = children.pop()) note(token);
      done.store(true);
      return;
    }
    std::size_t stolen_last = 0;
    unsigned misses = 0;
    while (!done.load(std::memory_order_relaxed)) {
      const auto* const token = static_cast<const plain_token*>(children.steal());
      if (token == nullptr) {
        // Mostly awake, to be there when the owner takes the last one; not always, for machines with few processors.
        if (++misses % 1000 == 0) std::this_thread::yield();
        continue;
      }
      note(token);
      ASSERT_GE(token->place + 1, stolen_last) << "the oldest comes first";
      stolen_last = token->place + 1;
    }
  });
  for (const auto& count_of_one : taken) ASSERT_EQ(count_of_one.load(), 1);
}

TEST_P(child_deque_stress, loses_and_doubles_nothing_around_the_last_one) {
  push_pop_and_steal(GetParam(), 100'000, 2);
}
TEST_P(child_deque_stress, loses_and_doubles_nothing_while_it_grows) {
  for (int repeat = 0; repeat < 5; ++repeat) push_pop_and_steal(GetParam(), 20'000, 5000);
}

TEST_P(child_deque_stress, a_stolen_token_comes_with_what_its_maker_wrote) {
  constexpr std::size_t count = 20'000;
  some_tokens tokens(count);
  child_deque children;
  std::atomic<std::size_t> left{count};
  testing::together(GetParam() + 1, [&](int index) {
    if (index == 0) {
      for (std::size_t i = 0; i < count; ++i) {
        tokens[i].line = i + 1;
        children.push(tokens[i]);
      }
    }
    while (left.load(std::memory_order_relaxed) != 0) {
      const auto* const token = static_cast<plain_token*>(children.steal());
      if (token == nullptr) {
        std::this_thread::yield();
        continue;
      }
      ASSERT_EQ(token->line, token->place + 1);
      left.fetch_sub(1, std::memory_order_relaxed);
    }
  });
}

}  // namespace
}  // namespace tokengate::lanes
