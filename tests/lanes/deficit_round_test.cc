#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/lanes/deficit_round.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::some_tokens;

constexpr std::uint64_t quantum = deficit_round::quantum;

/// Queues of which only the length matters, and what their tokens cost.
class deficit_round_test : public ::testing::Test {
 protected:
  static constexpr std::size_t endless = ~std::size_t{0} / 2;

  /// L, M or H; - when there was nothing.
  char next() {
    detail::node* const token = turns.next(
        [this](weight what) -> detail::node* {
          auto& length = lengths[static_cast<std::size_t>(what)];
          if (length == 0) return nullptr;
          --length;
          last = what;
          return &tokens[0];
        },
        [this](weight what) { return lengths[static_cast<std::size_t>(what)] == 0; });
    if (token == nullptr) return '-';
    ++ran[static_cast<std::size_t>(last)];
    return "LMH"[static_cast<std::size_t>(last)];
  }
  std::string next(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += next();
    return all;
  }
  void costs(std::uint64_t light, std::uint64_t medium, std::uint64_t heavy) {
    for (int i = 0; i < 200; ++i) {  // the mean has arrived there
      turns.note(weight::light, light);
      turns.note(weight::medium, medium);
      turns.note(weight::heavy, heavy);
    }
  }

  deficit_round turns{{3, 2, 1}};
  std::array<std::size_t, 3> lengths{};
  std::array<std::uint64_t, 3> ran{};

 private:
  some_tokens tokens{1};
  weight last{};
};

TEST_F(deficit_round_test, gives_time_in_proportion_to_the_shares_whatever_a_token_costs) {
  struct {
    std::uint64_t light, medium, heavy;
  } const costs_of[] = {
      {quantum / 1000, quantum / 9, quantum / 50}, {quantum / 70, quantum / 9, quantum},
      {quantum / 70, quantum / 900, 77 * quantum}, {quantum / 70, 30 * quantum, quantum / 2},
      {100 * quantum, 90 * quantum, 77 * quantum},  // all are in debt all the time
  };
  for (const auto& [light, medium, heavy] : costs_of) {
    turns = deficit_round{{3, 2, 1}};
    costs(light, medium, heavy);
    lengths = {endless, endless, endless};
    ran = {};
    // Enough rounds for the most expensive one to have had its turn often.
    while (ran[0] * light < 3 * 200 * std::max({light, medium, heavy, quantum})) next();
    const auto of_light = static_cast<double>(ran[0] * light);
    EXPECT_NEAR(static_cast<double>(ran[1] * medium) / of_light, 2.0 / 3, 0.02) << light << ' ' << heavy;
    EXPECT_NEAR(static_cast<double>(ran[2] * heavy) / of_light, 1.0 / 3, 0.02) << light << ' ' << heavy;
  }
}

TEST_F(deficit_round_test, a_light_token_waits_for_at_most_two_heavy_ones) {
  costs(quantum * 20, quantum / 10, 1);  // by their shares alone thousands of heavy tokens would go first
  lengths = {0, 0, endless};
  EXPECT_EQ(next(100), std::string(100, 'H'));
  lengths[0] = 5;
  // The one that runs when the light one comes is one of the two: it has just been handed out.
  EXPECT_EQ(next(13).substr(0, 1), "L");
  lengths[0] = endless;
  const std::string order = next(3000);
  EXPECT_EQ(order.find("HHH"), std::string::npos);
  EXPECT_NE(order.find("HHL"), std::string::npos) << "heavy ones do get their turns";
}

TEST_F(deficit_round_test, the_two_heavy_ones_are_counted_across_turns_and_medium_ones) {
  costs(quantum * 50, quantum / 3, quantum / 3);
  lengths = {endless, endless, endless};
  int heavies = 0;
  for (int i = 0; i < 5000; ++i) {
    const char who = next();
    heavies = who == 'H' ? heavies + 1 : who == 'L' ? 0 : heavies;
    ASSERT_LE(heavies, 2) << "at " << i;
  }
}

TEST_F(deficit_round_test, a_weight_that_is_alone_is_not_held_back) {
  costs(quantum * 1000, quantum * 1000, quantum * 1000);
  for (std::size_t what = 0; what < 3; ++what) {
    lengths = {};
    lengths[what] = 50;
    EXPECT_EQ(next(51), std::string(50, "LMH"[what]) + '-');
  }
}

TEST_F(deficit_round_test, a_weight_without_tokens_saves_nothing_for_later) {
  costs(quantum / 100, quantum / 100, quantum / 100);
  lengths = {0, endless, 0};
  next(100'000);
  lengths = {endless, endless, endless};
  ran = {};
  next(3000);
  EXPECT_LT(ran[0], 1700u) << "half of the time, and not what was missed before";
  EXPECT_LT(ran[2], 600u);
}

TEST_F(deficit_round_test, nor_while_a_weight_that_is_alone_runs_up_debts) {
  costs(quantum / 10, quantum / 10, 1000 * quantum);
  for (std::size_t absent = 0; absent < 2; ++absent) {
    lengths = {0, 0, endless};
    next(5);
    lengths[absent] = endless;
    ran = {};
    while (ran[2] == 0) next();
    EXPECT_LE(ran[absent] * (quantum / 10), 3100 * quantum) << "what it gets while the heavy ones pay, and no more";
  }
}

TEST_F(deficit_round_test, debts_are_paid_while_others_run) {
  costs(quantum / 100, quantum / 100, 1000 * quantum);
  lengths = {endless, 0, 1};
  while (ran[2] == 0) next();
  ran = {};
  lengths[2] = 1;
  while (ran[2] == 0) next();
  EXPECT_GT(ran[0] * (quantum / 100), 2900 * quantum) << "light ones have three points to the heavy one's one";
  EXPECT_LT(ran[0] * (quantum / 100), 3100 * quantum);
}

TEST_F(deficit_round_test, learns_what_tokens_cost) {
  costs(30 * quantum, 1, 400 * quantum);
  turns.note(weight::heavy, 0);
  turns.note(weight::heavy, ~std::uint64_t{0});  // bounded, so that it is forgotten in time
  costs(quantum / 100, quantum / 100, quantum / 100);
  lengths = {endless, endless, endless};
  next(1000);
  ran = {};
  next(6000);
  EXPECT_NEAR(static_cast<double>(ran[0]), 3000, 350);
  EXPECT_NEAR(static_cast<double>(ran[1]), 2000, 350);
  EXPECT_NEAR(static_cast<double>(ran[2]), 1000, 350);
}

TEST_F(deficit_round_test, a_thief_that_was_faster_does_not_end_the_search) {
  costs(1, 1, quantum * 10);
  lengths = {0, 0, 1};
  EXPECT_EQ(next(), 'H');  // and is in debt now
  // Heavy seems to have a token and then has none; light has one all of a sudden.
  some_tokens one(1);
  bool looked = false;
  detail::node* const token =
      turns.next([&](weight what) -> detail::node* { return what == weight::light && looked ? &one[0] : nullptr; },
                 [&](weight what) {
                   looked = true;
                   return what != weight::heavy;
                 });
  EXPECT_TRUE(looked);
  EXPECT_EQ(token, &one[0]);
}

}  // namespace
}  // namespace tokengate::lanes
