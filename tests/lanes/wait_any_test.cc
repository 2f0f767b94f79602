#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/wait_any.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::eventually;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;

class wait_any_on : public every_shape {
 protected:
  void SetUp() override { start_shape(); }
};
INSTANTIATE_TEST_SUITE_P(shape, wait_any_on, all_shapes(), name_of_shape);

TEST_P(wait_any_on, returns_the_one_that_has_ended) {
  gate held;
  std::vector<token<int>> tokens;
  for (int i = 0; i < 10; ++i)
    tokens.push_back(submit([&held, i] {
      if (i != 7) held.pass();
      return i;
    }));
  EXPECT_EQ(wait_any(tokens), 7u) << "a thread waits";
  auto inside = submit([&tokens] { return wait_any(tokens); });
  EXPECT_EQ(inside.get(), 7u) << "so does a token";
  EXPECT_EQ(tokens[7].get_for(0ns), 7);
  held.open();
  tokens.erase(tokens.begin() + 7);
  for (auto& each : tokens) each.get();
}

TEST_P(wait_any_on, takes_them_one_after_the_other_until_none_is_left) {
  const auto consume = [] {
    std::vector<token<int>> tokens;
    for (int i = 0; i < 100; ++i)
      tokens.push_back(submit([i] {
        if (i % 3 == 0) this_token::sleep_for(std::chrono::microseconds(i));
        return i;
      }));
    int sum = 0;
    while (!tokens.empty()) {
      const auto ended = wait_any(tokens);
      EXPECT_EQ(tokens[ended].state(), token_state::completed);
      sum += tokens[ended].get();
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(ended));
    }
    return sum;
  };
  EXPECT_EQ(consume(), 4950);
  EXPECT_EQ(submit(consume).get(), 4950);
}

TEST_P(wait_any_on, a_token_that_is_waited_for_again_and_again_is_still_there) {
  gate held;
  std::vector<std::pair<int, token<int>>> pairs;
  pairs.emplace_back(0, submit([&held] {
                       held.pass();
                       return 5;
                     }));
  for (int i = 1; i < 50; ++i) {
    pairs.emplace_back(i, submit([] { return 1; }));
    EXPECT_EQ(wait_any(pairs, &std::pair<int, token<int>>::second), 1u);
    pairs.pop_back();
  }
  held.open();
  EXPECT_EQ(pairs[0].second.get(), 5);
}

TEST_P(wait_any_on, a_failure_is_an_end_too) {
  gate held;
  std::vector<token<int>> tokens;
  tokens.push_back(submit([&held] {
    held.pass();
    return 1;
  }));
  tokens.push_back(submit([]() -> int { throw std::runtime_error("first"); }));
  EXPECT_EQ(wait_any(tokens), 1u);
  EXPECT_THROW(tokens[1].get(), std::runtime_error);
  held.open();
  tokens[0].get();
}

TEST_P(wait_any_on, nothing_to_wait_for_is_misuse) {
  EXPECT_THROW(static_cast<void>(wait_any(std::vector<token<int>>())), misuse);
  const std::vector<token<int>> empty_one(1);
  EXPECT_THROW(static_cast<void>(wait_any(empty_one)), misuse);
}

TEST_P(wait_any_on, a_hard_stop_ends_the_wait) {
  gate closed_for_ever;
  auto waits = submit([&] {
    std::vector<token<void>> tokens;
    for (int i = 0; i < 3; ++i) tokens.push_back(submit([&] { closed_for_ever.pass(); }));
    static_cast<void>(wait_any(tokens));
  });
  EXPECT_TRUE(eventually([&] { return closed_for_ever.waiting() >= 1; }));
  running().stop(0ns);
  waits.wait();
}

}  // namespace
}  // namespace tokengate
