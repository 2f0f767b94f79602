// Exploring finds mistakes that were planted in the order of events, and the seed brings each of them back.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/lanes/explore.h>
#include <tokengate/tests/lanes/gate.h>

namespace {

using namespace tokengate;
using namespace std::chrono_literals;
using tokengate::testing::gate;

// What is shared between tokens here is no std::atomic on purpose: a simulation has one thread, and the mistakes are in
// the order of what tokens do, not in single accesses.
struct account {
  int balance = 0;
  int lowest = 0;
};

TOKENGATE_OPERATION(int, square, (int n)) { return n * n; }

/// Takes money if there is enough, and looks and takes in two steps with a switch between them.
TOKENGATE_OPERATION(bool, withdraw_carelessly, (account * from, int amount)) {
  if (from->balance < amount) return false;
  this_token::yield();
  from->balance -= amount;
  from->lowest = std::min(from->lowest, from->balance);
  return true;
}

/// The same without the mistake.
TOKENGATE_OPERATION(bool, withdraw_carefully, (account * from, int amount)) {
  this_token::yield();
  if (from->balance < amount) return false;
  from->balance -= amount;
  from->lowest = std::min(from->lowest, from->balance);
  return true;
}

/// Adds what a child computes to what was there before it was asked.
TOKENGATE_OPERATION(void, add_around_a_wait, (int* total, int n), external_calls{square}) {
  const int before = *total;
  *total = before + square(n).get();
}
TOKENGATE_OPERATION(void, add_after_a_wait, (int* total, int n), external_calls{square}) {
  const int more = square(n).get();
  *total += more;
}

/// The mistake is between a call and what follows it; there is no wait.
TOKENGATE_OPERATION(void, note_start, (int* started)) { ++*started; }
TOKENGATE_OPERATION(int, count_before_the_call, (int* started), external_calls{note_start}, domain::preferred) {
  auto child = note_start(started);
  const int seen = *started;  // taken for 0: "it has only just been called"
  child.get();
  return seen;
}

/// Two lists of things to be done in an order that both sides wait for.
struct meeting {
  gate first, second;
};
TOKENGATE_OPERATION(void, opens_second, (meeting * at)) {
  at->first.pass();
  at->second.open();
}
TOKENGATE_OPERATION(void, opens_first, (meeting * at)) {
  at->second.pass();
  at->first.open();
}

TOKENGATE_APPLICATION(explored_application);

bool withdraw_twice(token<bool> (*withdraw)(account*, int)) {
  account shared{100, 0};
  auto one = withdraw(&shared, 70);
  auto other = withdraw(&shared, 70);
  gather(std::move(one), std::move(other));
  return shared.lowest >= 0;
}

template <class Body>
void expect_found_and_replayed(Body body) {
  const auto found = simulation::explore({.count = 200}, body);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, "the body returned false");
  EXPECT_NE(found->trace.find("seed " + std::to_string(found->seed)), std::string::npos);
  for (int again = 0; again < 5; ++again) {
    const auto replayed = simulation::replay(*found, {}, body);
    ASSERT_TRUE(replayed.has_value());
    EXPECT_EQ(replayed->fingerprint, found->fingerprint);
    EXPECT_EQ(replayed->trace, found->trace);
  }
}

TEST(exploring, finds_a_check_before_a_yield) {
  expect_found_and_replayed([](coordinator&) {
    return withdraw_twice([](account* from, int amount) { return withdraw_carelessly(from, amount); });
  });
}

TEST(exploring, finds_nothing_where_the_check_is_behind_the_yield) {
  EXPECT_FALSE(simulation::explore({.count = 500}, [](coordinator&) {
    return withdraw_twice([](account* from, int amount) { return withdraw_carefully(from, amount); });
  }));
}

template <class Operation>
bool adds_up(const Operation& add) {
  int total = 0;
  std::vector<token<void>> all;
  for (int i = 1; i <= 3; ++i) all.push_back(add(&total, i));
  gather(std::move(all));
  return total == 14;
}

TEST(exploring, finds_a_value_read_before_a_wait) {
  expect_found_and_replayed([](coordinator&) { return adds_up(add_around_a_wait); });
}

TEST(exploring, finds_nothing_where_the_value_is_read_after_the_wait) {
  EXPECT_FALSE(simulation::explore({.count = 500}, [](coordinator&) { return adds_up(add_after_a_wait); }));
}

TEST(exploring, finds_what_a_child_does_before_its_call_returns) {
  const auto body = [](coordinator&) {
    int started = 0;
    return count_before_the_call(&started).get() == 0;
  };
  expect_found_and_replayed(body);
  EXPECT_FALSE(simulation::explore({.count = 500, .cores = 1}, body)) << "one core cannot run the child that early";
  simulation::seeds calm{.count = 200};
  calm.with.simulation.emplace().switch_at_calls = false;
  EXPECT_FALSE(simulation::explore(calm, body));
}

TEST(exploring, carries_what_an_operation_throws) {
  const auto found = simulation::explore(
      {.first = 17, .count = 3}, [](coordinator&) { submit([] { throw std::runtime_error("broken"); }).get(); });
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->seed, 17u);
  EXPECT_EQ(found->what, "broken");
}

TEST(exploring, finds_tokens_that_wait_for_each_other) {
  simulation::seeds wanted{.first = 4711, .count = 1};
  wanted.with.simulation.emplace().patience = 5ms;
  wanted.with.drain_for = 1s;
  const auto found = simulation::explore(wanted, [](coordinator&) {
    meeting at;
    auto one = opens_first(&at);
    auto other = opens_second(&at);
    try {
      one.get();
    } catch (const simulation_stuck&) {
      at.first.open();  // so that both end, and `at` with them
      other.get();
      one.wait();
      throw;
    }
  });
  ASSERT_TRUE(found.has_value());
  EXPECT_NE(found->what.find("nothing can happen any more"), std::string::npos) << found->what;
  EXPECT_NE(found->what.find("seed 4711"), std::string::npos) << found->what;
}

}  // namespace
