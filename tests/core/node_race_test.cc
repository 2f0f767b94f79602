#include <atomic>
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/node.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/core/test_node.h>

namespace tokengate::detail {
namespace {

using testing::make_admitted;
using testing::race;
using testing::test_node;

constexpr int rounds = 10'000;

/// One admitted token a round, and how often each was destroyed.
struct many_tokens {
  many_tokens() : destroyed(rounds) {
    for (auto& count : destroyed) nodes.push_back(&make_admitted(count));
  }
  void expect_each_destroyed_once() const {
    for (const auto& count : destroyed) ASSERT_EQ(count.load(), 1);
  }
  std::deque<std::atomic<int>> destroyed;
  std::vector<test_node*> nodes;
};

TEST(node_race, exactly_one_of_several_claims_wins) {
  many_tokens tokens;
  std::vector<std::atomic<int>> wins(rounds);
  const auto waits = [&](int round) {
    if (tokens.nodes[round]->claim_by_waiter()) wins[round].fetch_add(1);
  };
  race(rounds, waits, waits, [&](int round) {
    if (tokens.nodes[round]->claim_from_queue()) wins[round].fetch_add(1);
  });
  for (int round = 0; round < rounds; ++round) {
    ASSERT_EQ(wins[round].load(), 1);
    ASSERT_EQ(tokens.nodes[round]->state(), token_state::executing);
    tokens.nodes[round]->finish(token_state::completed);
    tokens.nodes[round]->release(true);
  }
  tokens.expect_each_destroyed_once();
}

TEST(node_race, kill_or_claim_but_never_both) {
  many_tokens tokens;
  std::atomic<int> killed{0}, claimed{0};
  race(
      rounds,
      [&](int round) {
        if (tokens.nodes[round]->end_from_queue(token_state::killed)) killed.fetch_add(1);
      },
      [&](int round) {
        test_node& token = *tokens.nodes[round];
        if (token.claim_by_waiter()) {
          claimed.fetch_add(1);
          token.finish(token_state::completed);
        }
        token.release(true);
      });
  EXPECT_EQ(killed + claimed, rounds);
  tokens.expect_each_destroyed_once();
}

TEST(node_race, run_handle_and_queue_let_go_at_the_same_time) {
  many_tokens tokens;
  for (test_node* token : tokens.nodes) ASSERT_TRUE(token->claim_by_waiter());
  race(
      rounds, [&](int round) { tokens.nodes[round]->finish(token_state::completed); },
      [&](int round) { tokens.nodes[round]->release(false); },
      [&](int round) { EXPECT_FALSE(tokens.nodes[round]->claim_from_queue()); });
  tokens.expect_each_destroyed_once();
}

TEST(node_race, two_parties_let_go_at_the_same_time) {
  many_tokens tokens;
  race(
      rounds,
      [&](int round) {
        if (tokens.nodes[round]->claim_from_queue()) tokens.nodes[round]->finish(token_state::completed);
      },
      [&](int round) { tokens.nodes[round]->release(false); });
  tokens.expect_each_destroyed_once();
}

TEST(node_race, what_the_run_wrote_is_seen_by_who_finds_the_token_ended) {
  many_tokens tokens;
  std::vector<int> results(rounds);
  race(
      rounds,
      [&](int round) {
        ASSERT_TRUE(tokens.nodes[round]->claim_from_queue());
        results[round] = round + 1;
        tokens.nodes[round]->finish(token_state::completed);
      },
      [&](int round) {
        test_node& token = *tokens.nodes[round];
        waiter party;
        if (token.wait_by(party)) {
          EXPECT_EQ(party.wait(), wake_reason::notified);
        }
        EXPECT_EQ(token.state(), token_state::completed);
        EXPECT_EQ(results[round], round + 1);
        token.release(true);
      });
  tokens.expect_each_destroyed_once();
}

TEST(node_race, a_registration_is_either_taken_back_or_notified) {
  many_tokens tokens;
  std::atomic<int> taken_back{0}, notified{0}, too_late{0};
  race(
      rounds,
      [&](int round) {
        ASSERT_TRUE(tokens.nodes[round]->claim_from_queue());
        tokens.nodes[round]->finish(token_state::completed);
      },
      [&](int round) {
        test_node& token = *tokens.nodes[round];
        waiter party;
        if (!token.wait_by(party)) {
          too_late.fetch_add(1);
        } else if (token.unwait()) {
          taken_back.fetch_add(1);
        } else {
          EXPECT_EQ(party.wait(), wake_reason::notified);
          notified.fetch_add(1);
        }
        token.release(true);
      });
  EXPECT_EQ(taken_back + notified + too_late, rounds);
  tokens.expect_each_destroyed_once();
}

TEST(node_race, a_token_is_admitted_or_killed_at_the_gate) {
  std::deque<std::atomic<int>> destroyed(rounds);
  std::vector<test_node*> nodes;
  for (auto& count : destroyed) {
    nodes.push_back(new test_node(count));
    nodes.back()->enqueue_as(token_state::waiting);
  }
  std::atomic<int> admitted{0};
  race(
      rounds, [&](int round) { admitted.fetch_add(nodes[round]->admit() ? 1 : 0); },
      [&](int round) {
        EXPECT_TRUE(nodes[round]->end_from_queue(token_state::killed)) << "admitted tokens can be killed as well";
      });
  EXPECT_LE(admitted, rounds);
  for (int round = 0; round < rounds; ++round) {
    ASSERT_EQ(nodes[round]->state(), token_state::killed);
    nodes[round]->release(true);
    ASSERT_EQ(destroyed[round].load(), 1);
  }
}

}  // namespace
}  // namespace tokengate::detail
