#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/lanes/child_deque.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

using loot = std::array<detail::node*, child_deque::most_at_once>;

/// The next one that a thief gets alone, or null.
detail::node* steal_one(child_deque& from) {
  loot taken;
  return from.steal(taken.data(), 1) == 1 ? taken[0] : nullptr;
}

class child_deque_of : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { detail::prepare_asymmetric_fence(); }
  child_deque children;
};

TEST_F(child_deque_of, nothing_gives_nothing) {
  some_tokens tokens(1);
  EXPECT_EQ(children.size(), 0u);
  EXPECT_EQ(children.pop(), nullptr);
  EXPECT_EQ(steal_one(children), nullptr);
  EXPECT_FALSE(children.pop_if_newest(tokens[0]));
  EXPECT_EQ(children.pop(), nullptr) << "asking does not change it";
  EXPECT_EQ(children.size(), 0u);
}

TEST_F(child_deque_of, some_gives_its_owner_the_newest_and_thieves_the_oldest) {
  some_tokens tokens(6);
  for (std::size_t i = 0; i < 6; ++i) children.push(tokens[i]);
  EXPECT_EQ(children.size(), 6u);
  EXPECT_EQ(steal_one(children), &tokens[0]);
  EXPECT_EQ(children.pop(), &tokens[5]);
  EXPECT_EQ(steal_one(children), &tokens[1]);
  EXPECT_EQ(steal_one(children), &tokens[2]);
  EXPECT_EQ(children.pop(), &tokens[4]);
  EXPECT_EQ(children.size(), 1u);
  EXPECT_EQ(children.pop(), &tokens[3]);
  EXPECT_EQ(steal_one(children), nullptr);
  children.push(tokens[0]);
  EXPECT_EQ(steal_one(children), &tokens[0]);
  EXPECT_EQ(children.pop(), nullptr);
}

TEST_F(child_deque_of, some_gives_its_owner_a_certain_one_only_if_that_is_the_newest) {
  some_tokens tokens(3);
  for (std::size_t i = 0; i < 3; ++i) children.push(tokens[i]);
  EXPECT_FALSE(children.pop_if_newest(tokens[0]));
  EXPECT_FALSE(children.pop_if_newest(tokens[1]));
  EXPECT_EQ(children.size(), 3u) << "asking does not change it";
  EXPECT_TRUE(children.pop_if_newest(tokens[2]));
  EXPECT_FALSE(children.pop_if_newest(tokens[2])) << "its slot still names it, but it is taken";
  EXPECT_EQ(steal_one(children), &tokens[0]);
  EXPECT_TRUE(children.pop_if_newest(tokens[1]));
  EXPECT_EQ(children.size(), 0u);
  EXPECT_FALSE(children.pop_if_newest(tokens[1]));
}

TEST_F(child_deque_of, many_gives_a_thief_half_of_them_the_larger_one) {
  some_tokens tokens(9);
  for (std::size_t i = 0; i < 9; ++i) children.push(tokens[i]);
  loot taken;
  std::size_t next = 0;
  for (const std::size_t expected : {5u, 2u, 1u, 1u}) {
    ASSERT_EQ(children.steal(taken.data(), taken.size()), expected);
    for (std::size_t i = 0; i < expected; ++i) ASSERT_EQ(taken[i], &tokens[next++]) << "the oldest first";
  }
  EXPECT_EQ(children.steal(taken.data(), taken.size()), 0u);
}

TEST_F(child_deque_of, many_gives_a_thief_no_more_than_it_wants_and_than_it_ever_may) {
  constexpr std::size_t count = 1000;
  some_tokens tokens(count);
  for (std::size_t i = 0; i < count; ++i) children.push(tokens[i]);
  std::array<detail::node*, count> taken;
  EXPECT_EQ(children.steal(taken.data(), 3), 3u);
  EXPECT_EQ(taken[2], &tokens[2]);
  EXPECT_EQ(children.steal(taken.data(), count), child_deque::most_at_once);
  EXPECT_EQ(taken[0], &tokens[3]);
  EXPECT_EQ(children.size(), count - 3 - child_deque::most_at_once);
}

TEST_F(child_deque_of, some_shows_them_oldest_first) {
  some_tokens tokens(5);
  for (std::size_t i = 0; i < 5; ++i) children.push(tokens[i]);
  ASSERT_EQ(steal_one(children), &tokens[0]);
  ASSERT_EQ(children.pop(), &tokens[4]);
  std::vector<const detail::node*> seen;
  children.for_each([&](const detail::node& each) { seen.push_back(&each); });
  EXPECT_EQ(seen, (std::vector<const detail::node*>{&tokens[1], &tokens[2], &tokens[3]}));
}

TEST_F(child_deque_of, too_many_grows_and_keeps_the_order) {
  constexpr std::size_t count = 10'000;
  some_tokens tokens(count);
  // Some are stolen first, so that the ring has wrapped when it grows.
  for (std::size_t i = 0; i < 200; ++i) children.push(tokens[i]);
  for (std::size_t i = 0; i < 150; ++i) ASSERT_EQ(steal_one(children), &tokens[i]);
  for (std::size_t i = 200; i < count; ++i) children.push(tokens[i]);
  EXPECT_EQ(children.size(), count - 150);
  for (std::size_t i = 150; i < 5000; ++i) ASSERT_EQ(steal_one(children), &tokens[i]);
  for (std::size_t i = count; i-- > 5000;) ASSERT_EQ(children.pop(), &tokens[i]);
  EXPECT_EQ(children.pop(), nullptr);
}

TEST_F(child_deque_of, a_limited_kind_takes_no_more_unless_it_must) {
  for (const std::size_t limit : {1u, 5u, 895u, 896u, 897u, 3000u}) {
    some_tokens tokens(limit + 2);
    child_deque limited(limit);
    for (std::size_t i = 0; i < limit; ++i) ASSERT_TRUE(limited.push(tokens[i])) << i << " of " << limit;
    ASSERT_FALSE(limited.push(tokens[limit])) << limit;
    EXPECT_EQ(limited.size(), limit);
    limited.push_beyond(tokens[limit]);
    EXPECT_FALSE(limited.push(tokens[limit + 1]));
    EXPECT_EQ(limited.size(), limit + 1);
    EXPECT_EQ(steal_one(limited), &tokens[0]);
    EXPECT_FALSE(limited.push(tokens[limit + 1]));
    EXPECT_EQ(limited.pop(), &tokens[limit]);
    EXPECT_TRUE(limited.push(tokens[limit + 1]));
    for (std::size_t i = limit + 2; i-- > 1;)
      if (i != limit) {
        ASSERT_EQ(limited.pop(), &tokens[i]);
      }
    EXPECT_EQ(limited.pop(), nullptr);
  }
}

class child_deque_stress : public ::testing::TestWithParam<int> {
 protected:
  static void SetUpTestSuite() { detail::prepare_asymmetric_fence(); }
};
INSTANTIATE_TEST_SUITE_P(thieves, child_deque_stress, ::testing::Values(1, 2, 3));

/// The owner pushes in bursts and pops some of each; `burst` decides how often the deque runs dry and how far it grows.
/// Thieves take up to `most` at once.
void push_pop_and_steal(int thieves, std::size_t count, unsigned burst, std::size_t most) {
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
        const detail::node& newest = tokens[next - 1];
        if (random() % 2 == 0 && children.pop_if_newest(newest)) note(&newest);
        for (unsigned i = random() % burst; i > 0; --i)
          if (const auto* const token = children.pop()) note(token);
        if (burst < 10 && random() % 64 == 0)
          children.for_each([&](detail::node& each) {
            ASSERT_EQ(taken[static_cast<const plain_token&>(each).place].load(std::memory_order_relaxed), 0)
                << "what is shown is kept from thieves meanwhile";
          });
      }
      while (const auto* const token = children.pop()) note(token);
      done.store(true);
      return;
    }
    std::size_t stolen_last = 0;
    unsigned misses = 0;
    loot stolen;
    while (!done.load(std::memory_order_relaxed)) {
      const auto got = children.steal(stolen.data(), most);
      if (got == 0) {
        // Mostly awake, to be there when the owner takes the last one; not always, for machines with few processors.
        if (++misses % 1000 == 0) std::this_thread::yield();
        continue;
      }
      for (std::size_t i = 0; i < got; ++i) {
        note(stolen[i]);
        const auto place = static_cast<const plain_token*>(stolen[i])->place;
        ASSERT_GE(place + 1, stolen_last) << "the oldest comes first";
        stolen_last = place + 1;
      }
    }
  });
  for (const auto& count_of_one : taken) ASSERT_EQ(count_of_one.load(), 1);
}

TEST_P(child_deque_stress, loses_and_doubles_nothing_around_the_last_one) {
  push_pop_and_steal(GetParam(), 100'000, 2, 1);
  push_pop_and_steal(GetParam(), 100'000, 2, child_deque::most_at_once);
}
TEST_P(child_deque_stress, loses_and_doubles_nothing_when_the_owner_meets_a_batch_half_way) {
  push_pop_and_steal(GetParam(), 200'000, 8, child_deque::most_at_once);
}
TEST_P(child_deque_stress, loses_and_doubles_nothing_while_it_grows) {
  for (int repeat = 0; repeat < 5; ++repeat) push_pop_and_steal(GetParam(), 20'000, 5000, child_deque::most_at_once);
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
    loot stolen;
    while (left.load(std::memory_order_relaxed) != 0) {
      const auto got = children.steal(stolen.data(), stolen.size());
      if (got == 0) std::this_thread::yield();
      for (std::size_t i = 0; i < got; ++i) {
        const auto* const token = static_cast<plain_token*>(stolen[i]);
        ASSERT_EQ(token->line, token->place + 1);
      }
      left.fetch_sub(got, std::memory_order_relaxed);
    }
  });
}

}  // namespace
}  // namespace tokengate::lanes
