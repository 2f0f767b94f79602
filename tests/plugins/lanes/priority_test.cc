#include <array>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/plugins/lanes/priority/priority.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

class priority_lane : public ::testing::Test {
 protected:
  void offer(weight what, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      tokens[used].tags.weight = what;
      ASSERT_TRUE(queues.offer(tokens[used++], no_slot, false));
    }
  }
  static char letter(const detail::node* token) {
    return token == nullptr ? '-' : "LMH"[static_cast<std::size_t>(token->tags.weight)];
  }
  std::string take(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += letter(queues.take());
    return all;
  }
  static std::string times(std::size_t count, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
  }

  gate_slots slots{1000};
  const lane_setup setup{1, 4, 0, slots};
  by_weight routes{setup};
  priority queues{setup, routes, 0};
  some_tokens tokens{3000};
  std::size_t used = 0;
};

TEST_F(priority_lane, light_goes_before_medium_before_heavy) {
  offer(weight::heavy, 2);
  offer(weight::medium, 2);
  offer(weight::light, 2);
  EXPECT_EQ(take(3), "LLM");
  offer(weight::light, 1);
  EXPECT_EQ(take(5), "LMHH-");
}

TEST_F(priority_lane, each_weight_is_first_in_first_out) {
  offer(weight::heavy, 50);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(queues.take(), &tokens[i]);
}

TEST_F(priority_lane, heavy_goes_first_once_it_was_passed_over_32_times) {
  offer(weight::heavy, 5);
  offer(weight::light, 400);
  EXPECT_EQ(take(3 * 33), times(3, std::string(32, 'L') + 'H'));
}

TEST_F(priority_lane, medium_goes_first_once_it_was_passed_over_8_times) {
  offer(weight::medium, 50);
  offer(weight::light, 400);
  EXPECT_EQ(take(5 * 9), times(5, "LLLLLLLLM"));
}

TEST_F(priority_lane, medium_tokens_pass_over_heavy_ones_too) {
  offer(weight::heavy, 5);
  offer(weight::medium, 200);
  EXPECT_EQ(take(2 * 33), times(2, std::string(32, 'M') + 'H'));
}

TEST_F(priority_lane, under_a_flood_of_light_ones_everybody_comes_within_the_bound) {
  offer(weight::heavy, 20);
  offer(weight::medium, 200);
  offer(weight::light, 1000);
  const std::string order = take(600);
  std::size_t since_medium = 0, since_heavy = 0;
  for (const char who : order) {
    since_medium = who == 'M' ? 0 : since_medium + 1;
    since_heavy = who == 'H' ? 0 : since_heavy + 1;
    ASSERT_LE(since_medium, 9u) << "8 light ones, and a heavy one that had come of age: " << order;
    ASSERT_LE(since_heavy, 32u) << order;
  }
}

TEST_F(priority_lane, who_was_not_there_was_not_passed_over) {
  offer(weight::light, 100);
  EXPECT_EQ(take(50), std::string(50, 'L'));
  offer(weight::heavy, 1);
  EXPECT_EQ(take(33), std::string(32, 'L') + 'H');
  EXPECT_EQ(take(10), std::string(10, 'L'));
}

TEST_F(priority_lane, a_count_does_not_outlive_the_tokens_it_was_about) {
  offer(weight::light, 200);
  offer(weight::heavy, 1);
  EXPECT_EQ(take(20), std::string(20, 'L'));
  while (letter(queues.give()) != 'H') {
  }
  EXPECT_EQ(take(1), "L");
  offer(weight::heavy, 1);
  EXPECT_EQ(take(33), std::string(32, 'L') + 'H') << "20 times the other one was passed over, not this one";
}

TEST_F(priority_lane, thieves_get_tokens_by_the_same_rule_and_are_counted_apart) {
  offer(weight::heavy, 5);
  offer(weight::light, 400);
  std::string given;
  for (int i = 0; i < 20; ++i) given += letter(queues.give());
  EXPECT_EQ(take(33), std::string(32, 'L') + 'H');
  for (int i = 0; i < 33; ++i) given += letter(queues.give());
  // The heavy one that the core took was not there for thieves to pass over any more, but the next one was.
  EXPECT_EQ(given, std::string(32, 'L') + 'H' + std::string(20, 'L'));
}

}  // namespace
}  // namespace tokengate::lanes
