#include <array>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include <tokengate/core/token_state.h>

namespace tokengate {
namespace {

using enum token_state;

constexpr std::array all{created, waiting, admitted, executing, completed, failed, killed, timeout};

// Rows: from, columns: to, both in the order of `all`.
constexpr bool table[8][8] = {
    {false, true, false, false, false, false, true, false},  // created
    {false, false, true, false, false, false, true, true},   // waiting
    {false, false, false, true, false, false, true, true},   // admitted
    {false, false, false, false, true, true, true, true},    // executing
    {},
    {},
    {},
    {},  // nothing follows an end
};

TEST(token_state, exactly_the_steps_of_the_table_are_allowed) {
  for (std::size_t from = 0; from < all.size(); ++from)
    for (std::size_t to = 0; to < all.size(); ++to)
      EXPECT_EQ(may_follow(all[from], all[to]), table[from][to])
          << to_string(all[from]) << " -> " << to_string(all[to]);
}

TEST(token_state, only_the_last_four_are_terminal) {
  for (const auto state : {created, waiting, admitted, executing}) EXPECT_FALSE(is_terminal(state)) << to_string(state);
  for (const auto state : {completed, failed, killed, timeout}) EXPECT_TRUE(is_terminal(state)) << to_string(state);
}

TEST(token_state, everything_that_has_not_ended_can_be_killed) {
  for (const auto state : all) EXPECT_EQ(may_follow(state, killed), !is_terminal(state)) << to_string(state);
}

TEST(token_state, every_state_has_its_own_name) {
  std::set<std::string_view> names;
  for (const auto state : all) names.insert(to_string(state));
  EXPECT_EQ(names, (std::set<std::string_view>{"created", "waiting", "admitted", "executing", "completed", "failed",
                                               "killed", "timeout"}));
  EXPECT_EQ(to_string(admitted), "admitted");
  EXPECT_EQ(to_string(timeout), "timeout");
}

}  // namespace
}  // namespace tokengate
