#include <atomic>

#include <gtest/gtest.h>

#include <tokengate/core/node.h>
#include <tokengate/tests/core/test_node.h>

namespace tokengate::detail {
namespace {

using testing::make_admitted;
using testing::test_node;

TEST(node, starts_as_created_and_unclaimable) {
  std::atomic<int> destroyed{0};
  auto& token = *new test_node(destroyed);
  EXPECT_EQ(token.state(), token_state::created);
  EXPECT_FALSE(token.claim_by_waiter());
  EXPECT_FALSE(token.admit());
  EXPECT_EQ(token.state(), token_state::created);
  token.begin(token.id(), token_state::executing, 0);
  EXPECT_EQ(token.state(), token_state::executing);
  token.finish(token_state::completed);
  EXPECT_EQ(destroyed, 0);
  token.release(true);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, goes_through_the_gate_to_its_end) {
  std::atomic<int> destroyed{0};
  auto& token = *new test_node(destroyed);
  token.enqueue_as(token_state::waiting);
  EXPECT_FALSE(token.claim_by_waiter()) << "a waiting token is not admitted yet";
  EXPECT_EQ(token.state(), token_state::waiting);
  EXPECT_TRUE(token.admit());
  EXPECT_FALSE(token.admit());
  EXPECT_EQ(token.state(), token_state::admitted);
  EXPECT_TRUE(token.claim_from_queue());
  EXPECT_EQ(token.state(), token_state::executing);
  EXPECT_FALSE(token.claim_by_waiter());
  EXPECT_FALSE(token.terminal());
  token.finish(token_state::failed);
  EXPECT_EQ(token.state(), token_state::failed);
  EXPECT_TRUE(token.terminal());
  EXPECT_FALSE(token.claim_by_waiter());
  EXPECT_FALSE(token.admit());
  EXPECT_EQ(token.state(), token_state::failed) << "a step that the table forbids changes nothing";
  token.release(true);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, every_end_reaches_the_state_it_names) {
  using enum token_state;
  for (const auto end : {completed, failed, killed, timeout}) {
    std::atomic<int> destroyed{0};
    auto& token = make_admitted(destroyed);
    ASSERT_TRUE(token.claim_from_queue());
    token.finish(end);
    EXPECT_EQ(token.state(), end);
    token.release(true);
    EXPECT_EQ(destroyed, 1);
  }
}

TEST(node, a_released_token_is_destroyed_by_its_end) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  token.release(false);
  EXPECT_EQ(destroyed, 0);
  ASSERT_TRUE(token.claim_from_queue());
  EXPECT_EQ(destroyed, 0);
  token.finish(token_state::completed);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, lives_until_its_queue_has_dropped_the_entry_an_inline_claim_left_behind) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  ASSERT_TRUE(token.claim_by_waiter());
  token.finish(token_state::completed);
  token.release(true);
  EXPECT_EQ(destroyed, 0) << "the queue still points to it";
  EXPECT_FALSE(token.claim_from_queue());
  EXPECT_EQ(destroyed, 1);
}

TEST(node, an_entry_that_is_dropped_first_leaves_the_token_to_its_handle) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  ASSERT_TRUE(token.claim_by_waiter());
  EXPECT_FALSE(token.claim_from_queue());
  EXPECT_EQ(token.state(), token_state::executing);
  token.finish(token_state::completed);
  EXPECT_EQ(destroyed, 0);
  token.release(true);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, is_killed_in_its_queue_only_before_it_is_claimed) {
  for (const auto state : {token_state::waiting, token_state::admitted}) {
    std::atomic<int> destroyed{0};
    auto& token = *new test_node(destroyed);
    token.enqueue_as(state);
    EXPECT_TRUE(token.end_from_queue(token_state::killed));
    EXPECT_EQ(token.state(), token_state::killed);
    EXPECT_FALSE(token.claim_by_waiter());
    token.release(true);
    EXPECT_EQ(destroyed, 1) << "the queue's share went with the kill";
  }
  std::atomic<int> destroyed{0};
  auto& claimed = make_admitted(destroyed);
  ASSERT_TRUE(claimed.claim_by_waiter());
  EXPECT_FALSE(claimed.end_from_queue(token_state::killed));
  EXPECT_EQ(claimed.state(), token_state::executing);
  claimed.finish(token_state::completed);
  claimed.release(true);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, a_token_killed_at_the_gate_is_not_admitted) {
  std::atomic<int> destroyed{0};
  auto& token = *new test_node(destroyed);
  token.enqueue_as(token_state::waiting);
  ASSERT_TRUE(token.end_from_queue(token_state::killed));
  EXPECT_FALSE(token.admit());
  EXPECT_EQ(token.state(), token_state::killed);
  token.release(true);
}

TEST(node, a_stale_entry_can_be_dropped_without_trying_to_claim) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  ASSERT_TRUE(token.claim_by_waiter());
  token.drop_stale();
  EXPECT_EQ(token.state(), token_state::executing);
  token.finish(token_state::completed);
  token.release(true);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, a_kill_is_prepared_before_anybody_is_told) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  waiter party;
  ASSERT_TRUE(token.wait_by(party));
  bool prepared = false;
  EXPECT_TRUE(token.end_from_queue(token_state::killed, [&] {
    prepared = true;
    EXPECT_EQ(party.wait_until(waiter::clock::now()), wake_reason::timed_out);
  }));
  EXPECT_TRUE(prepared);
  party.settle(1);
  token.release(true);

  auto& claimed = make_admitted(destroyed);
  ASSERT_TRUE(claimed.claim_by_waiter());
  EXPECT_FALSE(claimed.end_from_queue(token_state::killed, [] { ADD_FAILURE() << "there is nothing to prepare"; }));
  claimed.finish(token_state::completed);
  claimed.release(true);
  EXPECT_EQ(destroyed, 2);
}

TEST(node, wakes_its_waiter_when_it_ends) {
  for (const bool kill : {false, true}) {
    std::atomic<int> destroyed{0};
    auto& token = make_admitted(destroyed);
    waiter party;
    ASSERT_TRUE(token.wait_by(party));
    if (kill) {
      ASSERT_TRUE(token.end_from_queue(token_state::killed));
    } else {
      ASSERT_TRUE(token.claim_from_queue());
      token.finish(token_state::completed);
    }
    EXPECT_EQ(party.wait(), wake_reason::notified);
    EXPECT_FALSE(token.unwait());
    waiter late;
    EXPECT_FALSE(token.wait_by(late)) << "nobody waits for a token that has ended";
    token.release(true);
    EXPECT_EQ(destroyed, 1);
  }
}

TEST(node, a_waiter_that_was_taken_back_is_not_notified) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  waiter gives_up, stays;
  ASSERT_TRUE(token.wait_by(gives_up));
  EXPECT_TRUE(token.unwait());
  ASSERT_TRUE(token.wait_by(stays));
  ASSERT_TRUE(token.claim_from_queue());
  token.finish(token_state::completed);
  EXPECT_EQ(stays.wait(), wake_reason::notified);
  EXPECT_EQ(gives_up.wait_until(waiter::clock::now()), wake_reason::timed_out);
  token.release(true);
}

TEST(node, is_ended_in_its_queue_by_who_knows_its_id_and_the_queue_keeps_its_entry) {
  for (const auto state : {token_state::waiting, token_state::admitted}) {
    std::atomic<int> destroyed{0};
    auto& token = *new test_node(destroyed);
    token.enqueue_as(state);
    int noted = 0;
    const auto note = [&] { ++noted; };
    EXPECT_FALSE(token.end_in_queue(token.id() + 1, token_state::killed, false, note)) << "another token's id";
    EXPECT_EQ(token.state(), state);
    EXPECT_TRUE(token.end_in_queue(token.id(), token_state::timeout, false, note));
    EXPECT_FALSE(token.end_in_queue(token.id(), token_state::killed, false, note));
    EXPECT_EQ(noted, 1);
    EXPECT_EQ(token.state(), token_state::timeout);
    token.release(true);
    EXPECT_EQ(destroyed, 0) << "the queue still points to it";
    EXPECT_FALSE(token.claim_from_queue());
    EXPECT_EQ(destroyed, 1);
  }
}

TEST(node, a_queued_child_is_ended_by_its_core_only) {
  std::atomic<int> destroyed{0};
  auto& token = *new test_node(destroyed);
  token.begin(token.id(), token_state::admitted, node::queued | node::child);
  EXPECT_TRUE(token.untouched_child());
  EXPECT_FALSE(token.end_in_queue(token.id(), token_state::killed, false, [] {}));
  EXPECT_TRUE(token.untouched_child());
  EXPECT_TRUE(token.end_in_queue(token.id(), token_state::killed, true, [] {}));
  EXPECT_FALSE(token.untouched_child());
  token.drop_stale();
  EXPECT_EQ(token.state(), token_state::killed);
  token.release(true);
  EXPECT_EQ(destroyed, 1);
}

TEST(node, a_claimed_one_is_not_ended_in_its_queue) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  ASSERT_TRUE(token.claim_by_waiter());
  EXPECT_FALSE(token.end_in_queue(token.id(), token_state::killed, false, [] { ADD_FAILURE(); }));
  token.finish(token_state::completed);
  EXPECT_FALSE(token.end_in_queue(token.id(), token_state::killed, false, [] { ADD_FAILURE(); }));
  token.release(true);
  EXPECT_FALSE(token.claim_from_queue());
  EXPECT_EQ(destroyed, 1);
}

TEST(node, a_child_that_its_waiter_holds_needs_no_locked_steps) {
  std::atomic<int> destroyed{0};
  auto& token = *new test_node(destroyed);
  const auto id = token.id();
  token.begin(id, token_state::admitted, node::queued | node::child);
  token.claim_held();
  EXPECT_EQ(token.state(), token_state::executing);
  EXPECT_EQ(token.id(), id);
  token.finish_held(token_state::completed);
  EXPECT_EQ(token.state(), token_state::completed);
  token.release(true);
  EXPECT_EQ(destroyed, 1) << "no queue has it any more";
}

TEST(node, whoever_waits_can_be_let_go_while_the_token_goes_on) {
  std::atomic<int> destroyed{0};
  auto& token = make_admitted(destroyed);
  token.release_waiter(token.id());  // nobody waits
  waiter party;
  ASSERT_TRUE(token.wait_by(party));
  token.release_waiter(token.id() + 1);
  token.release_waiter(token.id());
  EXPECT_EQ(party.wait(), wake_reason::notified);
  EXPECT_FALSE(token.unwait());
  EXPECT_EQ(token.state(), token_state::admitted);
  ASSERT_TRUE(token.claim_from_queue());
  token.finish(token_state::completed);
  token.release(true);
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
}  // namespace tokengate::detail
