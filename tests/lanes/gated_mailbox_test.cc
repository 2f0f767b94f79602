#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/lanes/gated_mailbox.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

TEST(gated_mailbox, admits_up_to_the_mailbox_and_lets_the_rest_wait_as_far_as_there_are_slots) {
  gate_slots slots(3);
  gated_mailbox queue(2, slots);
  some_tokens tokens(6);
  EXPECT_TRUE(queue.empty());
  for (std::size_t i = 0; i < 5; ++i) ASSERT_TRUE(queue.offer(tokens[i]));
  EXPECT_EQ(queue.admitted(), 2u);
  EXPECT_EQ(queue.waiting(), 3u);
  EXPECT_FALSE(queue.empty());
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(tokens[i].state(), i < 2 ? token_state::admitted : token_state::waiting) << i;
  EXPECT_FALSE(queue.offer(tokens[5]));
  EXPECT_EQ(queue.waiting(), 3u);
  EXPECT_EQ(queue.accepted(), 5u) << "a refused token is not counted";
}

TEST(gated_mailbox, gives_tokens_out_in_order_through_gate_and_mailbox) {
  for (const std::size_t capacity : {1u, 2u, 3u, 8u}) {
    gate_slots slots(1000);
    gated_mailbox queue(capacity, slots);
    some_tokens tokens(300);
    std::size_t in = 0, out = 0;
    // More come in than go out, then all go out: with and without waiting ones, across refills of the mailbox.
    for (int phase = 0; phase < 2; ++phase) {
      for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(queue.offer(tokens[in++]));
        ASSERT_TRUE(queue.offer(tokens[in++]));
        ASSERT_TRUE(queue.offer(tokens[in++]));
        for (int j = 0; j < 2; ++j) {
          auto* const token = queue.take();
          ASSERT_EQ(token, &tokens[out++]) << "capacity " << capacity;
          ASSERT_EQ(token->state(), token_state::admitted);
        }
      }
      while (auto* const token = queue.take()) ASSERT_EQ(token, &tokens[out++]);
      ASSERT_EQ(out, in);
      EXPECT_TRUE(queue.empty());
      EXPECT_EQ(queue.accepted(), in);
    }
  }
}

TEST(gated_mailbox, a_slot_is_free_again_when_its_token_is_admitted) {
  gate_slots slots(1);
  gated_mailbox queue(1, slots);
  some_tokens tokens(4);
  ASSERT_TRUE(queue.offer(tokens[0]));
  ASSERT_TRUE(queue.offer(tokens[1]));
  ASSERT_FALSE(queue.offer(tokens[2]));
  ASSERT_EQ(queue.take(), &tokens[0]);
  ASSERT_EQ(queue.take(), &tokens[1]);
  ASSERT_TRUE(queue.offer(tokens[2]));
  ASSERT_TRUE(queue.offer(tokens[3]));
  EXPECT_FALSE(slots.take(false));
}

TEST(gated_mailbox, gated_mailboxes_share_the_slots) {
  gate_slots slots(2);
  gated_mailbox first(1, slots), second(1, slots);
  some_tokens tokens(6);
  ASSERT_TRUE(first.offer(tokens[0]));
  ASSERT_TRUE(first.offer(tokens[1]));
  ASSERT_TRUE(second.offer(tokens[2]));
  ASSERT_TRUE(second.offer(tokens[3]));
  EXPECT_FALSE(first.offer(tokens[4]));
  EXPECT_FALSE(second.offer(tokens[5]));
  while (first.take() != nullptr) {
  }
  EXPECT_TRUE(second.offer(tokens[5]));
}

TEST(gated_mailbox, a_refused_token_is_in_no_queue_and_may_be_offered_again) {
  gate_slots slots(1);
  gated_mailbox busy(1, slots), quiet(1, slots);
  some_tokens tokens(5);
  ASSERT_TRUE(busy.offer(tokens[0]));
  ASSERT_TRUE(busy.offer(tokens[1]));
  ASSERT_FALSE(busy.offer(tokens[2])) << "behind one that waits at the same gate";
  ASSERT_TRUE(quiet.offer(tokens[3]));
  ASSERT_FALSE(quiet.offer(tokens[4])) << "nobody waits at this gate, but the other one has the last slot";
  EXPECT_EQ(quiet.take(), &tokens[3]);
  EXPECT_EQ(quiet.take(), nullptr);
  EXPECT_TRUE(quiet.offer(tokens[4]));
  EXPECT_EQ(quiet.take(), &tokens[4]);
  EXPECT_EQ(quiet.accepted(), 2u);
}

TEST(gated_mailbox, on_credit_a_token_is_never_refused) {
  gate_slots slots(1);
  gated_mailbox queue(1, slots);
  some_tokens tokens(12);
  for (std::size_t i = 0; i < 10; ++i) ASSERT_TRUE(queue.offer(tokens[i], true));
  EXPECT_EQ(queue.waiting(), 9u);
  EXPECT_FALSE(queue.offer(tokens[10]));
  for (std::size_t i = 0; i < 9; ++i) ASSERT_EQ(queue.take(), &tokens[i]) << "order is kept";
  EXPECT_FALSE(queue.offer(tokens[10])) << "one waits, as many as there are slots";
  EXPECT_EQ(queue.take(), &tokens[9]);
  EXPECT_TRUE(queue.offer(tokens[10])) << "the credit is paid back";
  EXPECT_EQ(queue.take(), &tokens[10]);
}

TEST(gated_mailbox, lose_and_double_nothing_and_keep_each_producers_order) {
  for (const std::size_t capacity : {1u, 2u, 64u}) {
    constexpr std::size_t producers = 3, each = 10'000;
    gate_slots slots(100);
    gated_mailbox queue(capacity, slots);
    some_tokens tokens(producers * each);
    std::vector<int> taken(tokens.size());
    testing::together(producers + 1, [&](int index) {
      if (index < static_cast<int>(producers)) {
        const auto first = static_cast<std::size_t>(index) * each;
        for (std::size_t i = 0; i < each; ++i)
          while (!queue.offer(tokens[first + i])) std::this_thread::yield();
        return;
      }
      std::size_t last_of[producers] = {};
      for (std::size_t left = tokens.size(); left > 0;) {
        auto* const token = static_cast<plain_token*>(queue.take());
        if (token == nullptr) {
          std::this_thread::yield();
          continue;
        }
        --left;
        ++taken[token->place];
        ASSERT_TRUE(token->claim_from_queue());
        auto& last = last_of[token->place / each];
        ASSERT_GE(token->place + 1, last) << "a producer's tokens overtook each other";
        last = token->place + 1;
      }
    });
    for (const int count : taken) ASSERT_EQ(count, 1);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.accepted(), tokens.size());
  }
}

TEST(gated_mailbox, thieves_may_take_too) {
  constexpr std::size_t count = 20'000;
  constexpr int takers = 3;
  gate_slots slots(50);
  gated_mailbox queue(2, slots);
  some_tokens tokens(count);
  std::vector<std::atomic<int>> taken(count);
  std::atomic<std::size_t> left{count};
  testing::together(takers + 1, [&](int index) {
    if (index == 0) {
      for (std::size_t i = 0; i < count; ++i)
        while (!queue.offer(tokens[i])) std::this_thread::yield();
      return;
    }
    while (left.load(std::memory_order_relaxed) != 0) {
      auto* const token = static_cast<plain_token*>(queue.take());
      if (token == nullptr) {
        std::this_thread::yield();
        continue;
      }
      taken[token->place].fetch_add(1, std::memory_order_relaxed);
      ASSERT_TRUE(token->claim_from_queue());
      left.fetch_sub(1, std::memory_order_relaxed);
    }
  });
  for (const auto& one : taken) ASSERT_EQ(one.load(), 1);
}

}  // namespace
}  // namespace tokengate::lanes
