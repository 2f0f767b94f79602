#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/plugins/lanes/balanced/balanced.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

class balanced_lane : public ::testing::Test {
 protected:
  void offer(balanced& queues, weight what, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      tokens[used].tags.weight = what;
      ASSERT_TRUE(queues.offer(tokens[used++], no_slot, false));
    }
  }
  static char letter(const detail::node* token) {
    return token == nullptr ? '-' : "LMH"[static_cast<std::size_t>(token->tags.weight)];
  }

  gate_slots slots{100'000};
  const lane_setup setup{4, 4, 16, slots};
  by_weight routes{setup};
  some_tokens tokens{20'000};
  std::size_t used = 0;
};

TEST_F(balanced_lane, one_light_token_is_not_behind_400_heavy_ones) {
  balanced queues(setup, routes, 0);
  offer(queues, weight::heavy, 400);
  EXPECT_EQ(letter(queues.take()), 'H');  // it runs when the light one comes
  offer(queues, weight::light, 1);
  std::string order;
  for (int i = 0; i < 2; ++i) order += letter(queues.take());
  EXPECT_NE(order.find('L'), std::string::npos) << order;
}

TEST_F(balanced_lane, weights_get_their_shares_of_the_time_that_was_measured) {
  balanced queues(setup, routes, 0, {.light = 1, .medium = 1, .heavy = 2});
  offer(queues, weight::light, 9000);
  offer(queues, weight::medium, 9000);
  offer(queues, weight::heavy, 1900);
  const std::array<std::uint64_t, 3> cost{20'000, 40'000, 400'000};
  std::array<std::uint64_t, 3> time{};
  for (int i = 0; i < 9000; ++i) {
    const detail::node* const token = queues.take();
    ASSERT_NE(token, nullptr);
    const auto what = static_cast<std::size_t>(token->tags.weight);
    time[what] += cost[what];
    queues.ran(token->tags.weight, cost[what]);
  }
  const auto light = static_cast<double>(time[0]);
  EXPECT_NEAR(static_cast<double>(time[1]) / light, 1, 0.1);
  EXPECT_NEAR(static_cast<double>(time[2]) / light, 2, 0.2);
}

TEST_F(balanced_lane, thieves_get_the_weights_in_turn) {
  balanced queues(setup, routes, 0);
  offer(queues, weight::light, 10);
  offer(queues, weight::medium, 10);
  offer(queues, weight::heavy, 10);
  std::string order;
  for (int i = 0; i < 31; ++i) order += letter(queues.give());
  EXPECT_EQ(order.substr(0, 9), "LMHLMHLMH");
  EXPECT_EQ(order.back(), '-');
}

TEST_F(balanced_lane, a_threads_tokens_of_each_weight_go_round_from_its_first_core) {
  testing::together(1, [&](int) {  // a new thread has sent none yet
    by_weight fresh(setup);
    std::string cores;
    plain_token token;
    for (int i = 0; i < 5; ++i) {
      for (const auto what : {weight::light, weight::light, weight::medium, weight::heavy}) {
        token.tags.weight = what;
        cores += std::to_string(fresh.route(token).core);
      }
    }
    EXPECT_EQ(cores,
              "2310"
              "0121"
              "2332"
              "0103"
              "2310");
  });
}

TEST_F(balanced_lane, routes_that_must_be_repeatable_do_not_depend_on_what_was_before) {
  auto repeatable = setup;
  repeatable.repeatable = true;
  std::string first, second;
  plain_token token;
  for (std::string* const cores : {&first, &second}) {
    by_weight fresh(repeatable);
    for (int i = 0; i < 7; ++i) *cores += std::to_string(fresh.route(token).core);
  }
  EXPECT_EQ(first, "1230123");
  EXPECT_EQ(second, first);
}

}  // namespace
}  // namespace tokengate::lanes
