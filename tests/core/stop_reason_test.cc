#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/stop_reason.h>
#include <tokengate/core/stop_request.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

TEST(stop_reason, the_same_text_has_the_same_number_and_comes_back) {
  const auto first = stop_reason_number("too slow"), second = stop_reason_number("too large");
  EXPECT_NE(first, second);
  EXPECT_EQ(stop_reason_number(std::string("too ") + "slow"), first);
  EXPECT_EQ(stop_reason_text(first), "too slow");
  EXPECT_EQ(stop_reason_text(second), "too large");
  EXPECT_EQ(stop_reason_number(""), 0u);
  EXPECT_EQ(stop_reason_text(0), "");
}

TEST(stop_reason, a_text_lives_on_when_the_one_given_is_gone) {
  std::uint32_t number = 0;
  {
    const std::string passing(100, 'x');
    number = stop_reason_number(passing);
  }
  const auto text = stop_reason_text(number);
  stop_reason_number(std::string(100, 'y'));
  EXPECT_EQ(text, std::string(100, 'x'));
}

TEST(stop_reason, threads_agree) {
  constexpr int threads = 4, texts = 100;
  std::vector<std::vector<std::uint32_t>> numbers(threads);
  testing::together(threads, [&](int index) {
    for (int i = 0; i < texts; ++i) {
      const auto text = "agreed " + std::to_string(i);
      numbers[static_cast<std::size_t>(index)].push_back(stop_reason_number(text));
      ASSERT_EQ(stop_reason_text(numbers[static_cast<std::size_t>(index)].back()), text);
    }
  });
  for (const auto& each : numbers) EXPECT_EQ(each, numbers[0]);
  EXPECT_EQ(std::set<std::uint32_t>(numbers[0].begin(), numbers[0].end()).size(), std::size_t{texts});
}

TEST(stop_reason, too_many_are_told_as_such) {
  std::uint32_t last = 0;
  for (int i = 0; i < 5000; ++i) {
    last = stop_reason_number("number " + std::to_string(i));
    ASSERT_LE(last, stop_request::reason_mask) << "it fits into the request";
  }
  EXPECT_NE(stop_reason_text(last).find("too many"), std::string::npos);
  EXPECT_EQ(stop_reason_number("number 3"), stop_reason_number("number 3"));
  EXPECT_EQ(stop_reason_text(stop_reason_number("number 3")), "number 3") << "what was known before stays known";
  EXPECT_EQ(stop_reason_text(~std::uint32_t{0}), stop_reason_text(last)) << "a number that was never given out";
}

}  // namespace
}  // namespace tokengate::detail
