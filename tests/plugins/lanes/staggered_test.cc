// The rules of the origins, number by number.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/lanes/lane_adapter.h>
#include <tokengate/plugins/lanes/staggered/staggered.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

using numbers = std::vector<std::uint64_t>;

class staggered_positions : public ::testing::Test {
 protected:
  lane_setup of(unsigned cores) { return {cores, 4, 0, slots}; }
  static numbers next(positions& rule, weight what, std::size_t count) {
    numbers all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(rule.next(what));
    return all;
  }
  /// Cores, from 1, that the first tokens of a weight go to.
  std::set<unsigned> cores_of(unsigned cores, weight what) {
    positions rule(of(cores));
    plain_token token;
    token.tags.weight = what;
    std::set<unsigned> all;
    for (int i = 0; i < 500; ++i) all.insert(rule.route(token).core + 1);
    return all;
  }

  gate_slots slots{1000};
};

TEST_F(staggered_positions, of_light_tokens_on_eight_cores) {
  positions rule(of(8));
  EXPECT_EQ(next(rule, weight::light, 8), (numbers{72, 73, 74, 75, 104, 108, 105, 109}));
}

TEST_F(staggered_positions, of_light_tokens_on_two_cores) {
  positions rule(of(2));
  EXPECT_EQ(next(rule, weight::light, 6), (numbers{12, 13, 14, 15, 20, 21}));
}

TEST_F(staggered_positions, of_heavy_tokens_on_eight_cores) {
  positions rule(of(8));
  EXPECT_EQ(next(rule, weight::heavy, 6), (numbers{0, 1, 2, 3, 32, 33}));
}

TEST_F(staggered_positions, with_two_active_workers) {
  positions rule(of(8));
  for (unsigned core = 0; core < 8; ++core) rule.set_active(core, 2);
  EXPECT_EQ(next(rule, weight::light, 6), (numbers{136, 137, 168, 169, 200, 204}));
}

TEST_F(staggered_positions, name_core_and_worker) {
  positions rule(of(8));
  plain_token token;
  token.tags.weight = weight::light;
  const std::vector<std::pair<unsigned, unsigned>> expected{{3, 0}, {3, 1}, {3, 2}, {3, 3},
                                                            {3, 0}, {4, 0}, {3, 1}, {4, 1}};
  for (const auto& [core, local] : expected) {
    const destination chosen = rule.route(token);
    EXPECT_EQ(chosen.core + 1, core);
    EXPECT_EQ(chosen.slot, local);
  }
}

TEST_F(staggered_positions, reach_the_cores_one_by_one_and_split_two_thousand_tokens_as_the_origins_do) {
  positions rule(of(8));
  plain_token token;
  token.tags.weight = weight::light;
  std::vector<int> first(9, -1), tokens(9, 0);
  for (int i = 0; i < 2000; ++i) {
    const unsigned core = rule.route(token).core + 1;
    ++tokens[core];
    if (first[core] < 0) first[core] = i;
  }
  EXPECT_EQ(std::vector<int>(first.begin() + 3, first.end()), (std::vector<int>{0, 5, 14, 27, 44, 65}));
  EXPECT_EQ(std::vector<int>(tokens.begin() + 3, tokens.end()), (std::vector<int>{344, 340, 335, 331, 327, 323}));
  EXPECT_EQ(tokens[1] + tokens[2], 0);
}

TEST_F(staggered_positions, keep_to_the_cores_of_their_weight) {
  using cores = std::set<unsigned>;
  EXPECT_EQ(cores_of(1, weight::heavy), cores({1}));
  EXPECT_EQ(cores_of(1, weight::medium), cores({1}));
  EXPECT_EQ(cores_of(1, weight::light), cores({1}));
  EXPECT_EQ(cores_of(2, weight::heavy), cores({1}));
  EXPECT_EQ(cores_of(2, weight::medium), cores({2}));
  EXPECT_EQ(cores_of(2, weight::light), cores({2}));
  EXPECT_EQ(cores_of(3, weight::heavy), cores({1}));
  EXPECT_EQ(cores_of(3, weight::medium), cores({2, 3}));
  EXPECT_EQ(cores_of(3, weight::light), cores({3}));
  EXPECT_EQ(cores_of(8, weight::heavy), cores({1}));
  EXPECT_EQ(cores_of(8, weight::medium), cores({2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(cores_of(8, weight::light), cores({3, 4, 5, 6, 7, 8}));
}

TEST_F(staggered_positions, medium_and_light_tokens_share_the_counters) {
  positions rule(of(3));
  EXPECT_EQ(rule.next(weight::medium), 4u + 0 + 1 * 12) << "core 2 has the lowest counter, 4";
  EXPECT_EQ(rule.next(weight::light), 8u + 0 + 2 * 12) << "core 3, counter 8";
  EXPECT_EQ(next(rule, weight::medium, 4), (numbers{17, 18, 19, 28})) << "core 2 until its counter is 9";
  EXPECT_EQ(rule.next(weight::medium), 4u + 1 + 2 * 12) << "both are at 9: the lower core";
  EXPECT_EQ(rule.next(weight::medium), 8u + 1 + 2 * 12) << "core 3, counter 9";
}

TEST_F(staggered_positions, are_the_same_whoever_asks) {
  positions alone(of(8)), shared(of(8));
  constexpr std::size_t threads = 3, each = 200'000;
  auto expected = next(alone, weight::light, threads * each);
  std::vector<numbers> got(threads);
  testing::together(threads, [&](int i) { got[static_cast<std::size_t>(i)] = next(shared, weight::light, each); });
  numbers all;
  for (const auto& some : got) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(all, expected);
}

class staggered_lane : public ::testing::Test {
 protected:
  void make(unsigned cores, std::size_t capacity, std::size_t core = 0) {
    setup = std::make_unique<lane_setup>(lane_setup{cores, 4, capacity, slots});
    rule = std::make_unique<positions>(*setup);
    queues = std::make_unique<staggered>(*setup, *rule, static_cast<unsigned>(core));
  }
  [[nodiscard]] std::vector<std::size_t> loads() const {
    std::vector<std::size_t> all;
    for (unsigned i = 0; i < 4; ++i) all.push_back(queues->queues()[0].admitted_at(i));
    return all;
  }
  using sizes = std::vector<std::size_t>;

  gate_slots slots{1000};
  std::unique_ptr<lane_setup> setup;
  std::unique_ptr<positions> rule;
  std::unique_ptr<staggered> queues;
};

TEST_F(staggered_lane, has_a_mailbox_of_45_per_worker_and_drops_nothing) {
  make(1, 0);
  some_tokens tokens(300);
  for (std::size_t i = 0; i < 300; ++i) {
    tokens[i].tags.weight = weight::heavy;
    ASSERT_TRUE(queues->offer(tokens[i], rule->route(tokens[i]).slot, false));
  }
  EXPECT_EQ(loads(), (sizes{45, 45, 45, 45}));
  EXPECT_EQ(queues->queues()[0].waiting(), 120u);
  for (std::size_t taken = 0; taken < 300; ++taken) {
    ASSERT_NE(queues->take(), nullptr);
    const std::size_t left = 299 - taken;
    EXPECT_EQ(queues->queues()[0].admitted(), std::min<std::size_t>(left, 180)) << "who waits follows at once";
  }
  EXPECT_EQ(queues->take(), nullptr);
}

TEST_F(staggered_lane, serves_its_workers_in_turn_each_first_in_first_out) {
  make(1, 0);
  some_tokens tokens(12);
  for (std::size_t i = 0; i < 12; ++i) ASSERT_TRUE(queues->offer(tokens[i], static_cast<unsigned>(i / 3), false));
  for (const std::size_t expected : {0u, 3u, 6u, 9u, 1u, 4u, 7u, 10u, 2u, 5u, 8u, 11u})
    EXPECT_EQ(queues->take(), &tokens[expected]);
}

TEST_F(staggered_lane, sends_what_was_redirected_to_the_least_loaded_active_worker) {
  make(1, 0);
  some_tokens tokens(12);
  std::size_t i = 0;
  ASSERT_TRUE(queues->offer(tokens[i++], 0, false));
  ASSERT_TRUE(queues->offer(tokens[i++], 2, false));
  ASSERT_TRUE(queues->offer(tokens[i++], no_slot, false));
  EXPECT_EQ(loads(), (sizes{1, 1, 1, 0})) << "of the empty ones the lowest";
  queues->set_active(2);
  ASSERT_TRUE(queues->offer(tokens[i++], 3, false));
  EXPECT_EQ(loads(), (sizes{2, 1, 1, 0})) << "worker 3 is not active";
  ASSERT_TRUE(queues->offer(tokens[i++], no_slot, false));
  EXPECT_EQ(loads(), (sizes{2, 2, 1, 0}));
  ASSERT_TRUE(queues->offer(tokens[i++], 1, false));
  EXPECT_EQ(loads(), (sizes{2, 3, 1, 0})) << "worker 1 is active: there it goes";
  for (std::size_t taken = 0; taken < i; ++taken) EXPECT_NE(queues->take(), nullptr) << "worker 2's too";
}

TEST_F(staggered_lane, sends_what_finds_its_mailbox_full_to_the_least_loaded_one_and_then_to_the_gate) {
  make(1, 2);
  some_tokens tokens(12);
  std::size_t i = 0;
  for (const unsigned local : {0u, 0u, 1u, 2u, 2u}) ASSERT_TRUE(queues->offer(tokens[i++], local, false));
  EXPECT_EQ(loads(), (sizes{2, 1, 2, 0}));
  ASSERT_TRUE(queues->offer(tokens[i++], 0, false));
  EXPECT_EQ(loads(), (sizes{2, 1, 2, 1}));
  ASSERT_TRUE(queues->offer(tokens[i++], 2, false));
  EXPECT_EQ(loads(), (sizes{2, 2, 2, 1})) << "of the least loaded ones the lowest";
  ASSERT_TRUE(queues->offer(tokens[i++], 0, false));
  ASSERT_TRUE(queues->offer(tokens[i], 3, false));
  EXPECT_EQ(loads(), (sizes{2, 2, 2, 2}));
  EXPECT_EQ(tokens[i].state(), token_state::waiting);
  EXPECT_EQ(queues->take(), &tokens[0]);
  EXPECT_EQ(tokens[i].state(), token_state::admitted);
  EXPECT_EQ(loads(), (sizes{2, 2, 2, 2}));
}

TEST_F(staggered_lane, nothing_is_stolen) {
  gate_slots places(10);
  const lane_setup two{2, 4, 0, places};
  positions routes(two);
  lane_adapter<staggered> first(two, routes, 0);
  some_tokens tokens(1);
  ASSERT_TRUE(first.offer(tokens[0], 0, false));
  EXPECT_FALSE(first.has_loot());
  EXPECT_EQ(first.give(), nullptr);
  EXPECT_EQ(first.take(), &tokens[0]);
}

}  // namespace
}  // namespace tokengate::lanes
