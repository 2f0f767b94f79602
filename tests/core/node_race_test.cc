#include <atomic>
#include <deque>
#include <thread>
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

TEST(node_race, an_end_in_the_queue_and_a_claim_never_both_and_the_entry_stays) {
  many_tokens tokens;
  std::atomic<int> ended{0}, run{0}, counted{0};
  const auto ends = [&](int round) {
    test_node& token = *tokens.nodes[round];
    if (token.end_in_queue(token.id(), token_state::killed, false, [&] { counted.fetch_add(1); })) ended.fetch_add(1);
  };
  // The handle is kept until all is over, so that the losers may look.
  race(rounds, ends, ends, [&](int round) {
    if (!tokens.nodes[round]->claim_from_queue()) return;
    run.fetch_add(1);
    tokens.nodes[round]->finish(token_state::completed);
  });
  EXPECT_EQ(ended + run, rounds);
  EXPECT_EQ(counted, ended);
  for (test_node* token : tokens.nodes) token->release(true);
  tokens.expect_each_destroyed_once();
}

TEST(node_race, an_end_in_the_queue_meets_the_gate_the_queue_and_the_handle) {
  std::deque<std::atomic<int>> destroyed(rounds);
  std::vector<test_node*> nodes;
  std::vector<std::uint64_t> ids;
  for (auto& count : destroyed) {
    nodes.push_back(new test_node(count));
    nodes.back()->enqueue_as(token_state::waiting);
    ids.push_back(nodes.back()->id());
  }
  std::vector<std::atomic<int>> gone(rounds);
  std::atomic<int> ended{0}, run{0};
  const auto let_go = [&](int round) { gone[round].fetch_add(1); };
  race(
      rounds,
      [&](int round) {
        if (nodes[round]->end_in_queue(ids[round], token_state::timeout, false, [] {})) ended.fetch_add(1);
        // The queue's entry goes only after this look: in the program the memory may be looked at for ever.
        let_go(round);
      },
      [&](int round) {
        nodes[round]->admit();
        while (gone[round].load() == 0) std::this_thread::yield();
        if (!nodes[round]->claim_from_queue()) return;
        run.fetch_add(1);
        nodes[round]->finish(token_state::completed);
      },
      [&](int round) { nodes[round]->release(false); });
  EXPECT_EQ(ended + run, rounds);
  for (const auto& count : destroyed) ASSERT_EQ(count.load(), 1);
}

TEST(node_race, who_waits_is_let_go_or_notified_but_once) {
  many_tokens tokens;
  std::atomic<int> let_go{0};
  race(
      rounds,
      [&](int round) {
        // Of whoever waits now, if somebody does. The handle is kept until the end.
        tokens.nodes[round]->release_waiter(tokens.nodes[round]->id());
      },
      [&](int round) {
        if (tokens.nodes[round]->claim_from_queue()) tokens.nodes[round]->finish(token_state::completed);
      },
      [&](int round) {
        test_node& token = *tokens.nodes[round];
        waiter party;
        if (!token.wait_by(party)) return;
        EXPECT_EQ(party.wait(), wake_reason::notified);
        if (!token.terminal()) let_go.fetch_add(1);
        EXPECT_FALSE(token.unwait());
      });
  for (test_node* token : tokens.nodes) {
    EXPECT_EQ(token->state(), token_state::completed);
    token->release(true);
  }
  tokens.expect_each_destroyed_once();
}

}  // namespace
}  // namespace tokengate::detail
