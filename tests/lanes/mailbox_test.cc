#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/lanes/mailbox.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::some_tokens;

/// As in a running coordinator: a thread that is alone at its end of the ring needs no locked instruction.
[[maybe_unused]] const bool fences_are_ready = (detail::prepare_asymmetric_fence(), true);

class mailboxes : public ::testing::TestWithParam<std::size_t> {
 protected:
  const std::size_t capacity = GetParam();
  mailbox box{capacity};
};
INSTANTIATE_TEST_SUITE_P(capacities, mailboxes, ::testing::Values(1, 2, 3, 4, 45, 1024));

TEST_P(mailboxes, take_exactly_their_capacity) {
  some_tokens tokens(capacity + 1);
  EXPECT_EQ(box.capacity(), capacity);
  EXPECT_EQ(box.try_pop(), nullptr);
  // Several rounds, so that every cell of the ring has been the last one.
  for (std::size_t round = 0; round < 3 * capacity + 5; ++round) {
    for (std::size_t i = 0; i < capacity; ++i) {
      ASSERT_EQ(box.size(), i);
      ASSERT_TRUE(box.try_push(tokens[i]));
    }
    ASSERT_FALSE(box.try_push(tokens[capacity]));
    ASSERT_EQ(box.size(), capacity);
    for (std::size_t i = 0; i < capacity; ++i) ASSERT_EQ(box.try_pop(), &tokens[i]);
    ASSERT_EQ(box.try_pop(), nullptr);
    ASSERT_TRUE(box.empty());
    if (capacity > 100 && round > 5) break;
  }
}

TEST_P(mailboxes, are_first_in_first_out_at_every_filling) {
  some_tokens tokens(capacity);
  std::size_t in = 0, out = 0;
  for (std::size_t fill = 1; fill <= capacity; ++fill) {
    while (in - out < fill) ASSERT_TRUE(box.try_push(tokens[in++ % capacity]));
    for (std::size_t i = 0; i < fill; ++i) ASSERT_EQ(box.try_pop(), &tokens[out++ % capacity]);
  }
  EXPECT_EQ(box.pushes(), in);
}

TEST_P(mailboxes, prepare_a_token_only_when_it_gets_a_place) {
  some_tokens tokens(capacity + 1);
  std::size_t prepared = 0;
  const auto prepare = [&] {
    ++prepared;
    EXPECT_EQ(box.pushes(), prepared) << "its place is certain";
  };
  for (std::size_t i = 0; i < capacity; ++i) ASSERT_TRUE(box.try_push(tokens[i], prepare));
  EXPECT_FALSE(box.try_push(tokens[capacity], prepare));
  EXPECT_EQ(prepared, capacity);
}

TEST(mailbox, a_token_is_prepared_before_it_can_be_taken) {
  mailbox box(2);
  some_tokens tokens(1);
  ASSERT_TRUE(box.try_push(tokens[0], [&] { EXPECT_EQ(box.try_pop(), nullptr); }));
  EXPECT_EQ(box.try_pop(), &tokens[0]);
}

TEST_P(mailboxes, lose_and_double_nothing_among_many_threads) {
  constexpr int producers = 2, consumers = 2;
  constexpr std::size_t each = 10'000;
  some_tokens tokens(producers * each);
  std::vector<std::atomic<int>> taken(tokens.size());
  std::atomic<std::size_t> left{tokens.size()};
  testing::together(producers + consumers, [&](int index) {
    if (index < producers) {
      const auto first = static_cast<std::size_t>(index) * each;
      for (std::size_t i = 0; i < each; ++i)
        while (!box.try_push(tokens[first + i])) std::this_thread::yield();
      return;
    }
    std::size_t last_of[producers] = {};
    while (left.load(std::memory_order_relaxed) != 0) {
      const auto* const token = static_cast<testing::plain_token*>(box.try_pop());
      if (token == nullptr) {
        std::this_thread::yield();
        continue;
      }
      taken[token->place].fetch_add(1, std::memory_order_relaxed);
      left.fetch_sub(1, std::memory_order_relaxed);
      auto& last = last_of[token->place / each];
      ASSERT_GE(token->place + 1, last) << "a producer's tokens overtook each other";
      last = token->place + 1;
    }
  });
  for (const auto& count : taken) ASSERT_EQ(count.load(), 1);
  EXPECT_TRUE(box.empty());
}

TEST_P(mailboxes, never_hold_more_than_their_capacity_under_load) {
  constexpr std::size_t producers = 3;
  some_tokens tokens(producers * 2000);
  std::atomic<std::size_t> begun{0}, taken{0};
  std::atomic<int> running{producers};
  testing::together(producers + 1, [&](int index) {
    if (index < static_cast<int>(producers)) {
      for (std::size_t i = 0; i < 2000; ++i)
        while (!box.try_push(tokens[static_cast<std::size_t>(index) * 2000 + i],
                             [&] { begun.fetch_add(1, std::memory_order_seq_cst); }))
          std::this_thread::yield();
      running.fetch_sub(1);
      return;
    }
    while (running.load() != 0 || !box.empty()) {
      // The only consumer: what was prepared by now and not yet taken is inside.
      ASSERT_LE(begun.load(std::memory_order_seq_cst) - taken.load(), capacity);
      if (box.try_pop() != nullptr)
        taken.fetch_add(1);
      else
        std::this_thread::yield();
    }
  });
  EXPECT_EQ(taken, tokens.size());
}

// One producer and one core have their ends of the ring to themselves for long stretches, and lose them to others that
// come seldom: no token is lost or doubled, and nobody sees them in another order than they were pushed in.
TEST_P(mailboxes, pass_from_owners_to_others_and_back) {
  constexpr std::size_t regular = 120'000, rare = 30;
  some_tokens tokens(regular + rare);
  std::vector<std::atomic<int>> taken(tokens.size());
  std::atomic<std::size_t> pushed{0}, left{tokens.size()};
  const auto push = [&](std::size_t place) {
    while (!box.try_push(tokens[place])) std::this_thread::yield();
  };
  const auto pop = [&](std::size_t& last) {
    const auto* const token = static_cast<testing::plain_token*>(box.try_pop());
    if (token == nullptr) return false;
    taken[token->place].fetch_add(1, std::memory_order_relaxed);
    left.fetch_sub(1, std::memory_order_relaxed);
    if (token->place < regular) {
      EXPECT_GE(token->place + 1, last) << "tokens overtook each other";
      last = token->place + 1;
    }
    return true;
  };
  testing::together(4, [&](int index) {
    std::size_t last = 0;
    switch (index) {
      case 0:  // the usual producer
        for (std::size_t i = 0; i < regular; ++i, pushed.store(i, std::memory_order_relaxed)) push(i);
        break;
      case 1:  // another one, now and then
        for (std::size_t i = 0; i < rare; ++i) {
          while (pushed.load(std::memory_order_relaxed) < i * (regular / rare)) std::this_thread::yield();
          push(regular + i);
        }
        break;
      case 2:  // the core
        while (left.load(std::memory_order_relaxed) != 0)
          if (!pop(last)) std::this_thread::yield();
        break;
      default:  // a thief
        for (std::size_t i = 0; left.load(std::memory_order_relaxed) != 0;) {
          if (pushed.load(std::memory_order_relaxed) >= i * (regular / rare) && pop(last)) ++i;
          std::this_thread::yield();
        }
    }
  });
  for (const auto& count : taken) ASSERT_EQ(count.load(), 1);
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.pops(), tokens.size());
}

}  // namespace
}  // namespace tokengate::lanes
