// Tokens that wait for tokens that wait for tokens: nothing may ever be stuck, whatever the size of the machine.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/core/scaled.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;
using testing::runtime_test;

enum class waiting { by_get, backwards, by_gather, timed };

/// A tree of tokens: each waits for its children and counts them and itself.
int tree(int depth, int width, waiting how) {
  std::vector<token<int>> children;
  if (depth > 0)
    for (int i = 0; i < width; ++i) children.push_back(submit(tree, depth - 1, width, how));
  int sum = 1;
  switch (how) {
    case waiting::by_get:
      for (auto& child : children) sum += child.get();
      break;
    case waiting::backwards:
      for (auto child = children.rbegin(); child != children.rend(); ++child) sum += child->get();
      break;
    case waiting::by_gather: {
      const auto results = gather(std::move(children));
      sum = std::accumulate(results.begin(), results.end(), sum);
      break;
    }
    case waiting::timed:
      for (auto& child : children) sum += child.get_for(1h);
      break;
  }
  return sum;
}

int size_of_tree(int depth, int width) { return depth == 0 ? 1 : 1 + width * size_of_tree(depth - 1, width); }

class nesting : public every_shape {};
INSTANTIATE_TEST_SUITE_P(on, nesting, all_shapes(), name_of_shape);

TEST_P(nesting, a_deep_tree_completes) {
  start_shape();
  for (const auto how : {waiting::by_get, waiting::backwards, waiting::by_gather, waiting::timed})
    EXPECT_EQ(submit(tree, 10, 2, how).get(), size_of_tree(10, 2));
}

TEST_P(nesting, a_wide_tree_completes) {
  start_shape();
  for (const auto how : {waiting::by_get, waiting::backwards, waiting::by_gather, waiting::timed})
    EXPECT_EQ(submit(tree, 2, 40, how).get(), size_of_tree(2, 40));
}

TEST_P(nesting, many_trees_from_outside_complete) {
  start_shape();
  std::vector<token<int>> trees;
  for (int i = 0; i < 50; ++i) trees.push_back(submit(tree, 3, 4, static_cast<waiting>(i % 4)));
  for (const int size : gather(std::move(trees))) EXPECT_EQ(size, size_of_tree(3, 4));
}

TEST_P(nesting, a_lead_and_its_family_complete) {
  start_shape();
  const auto family = [] {
    std::vector<token<int>> children;
    for (int i = 0; i < 20; ++i) children.push_back(submit(tags{external_calls{"tree"}}, tree, 3, 2, waiting::by_get));
    int sum = 0;
    for (const int size : gather(std::move(children))) sum += size;
    return sum;
  };
  EXPECT_EQ(submit(tags{external_calls{"family"}}, family).get(), 20 * size_of_tree(3, 2));
}

TEST_P(nesting, tokens_may_wait_for_tokens_that_others_made) {
  start_shape();
  // A chain in which each waits for the one before, submitted last first as far as the handles allow.
  auto last = submit([] { return 0; });
  for (int i = 0; i < 200; ++i) last = submit([](token<int> before) { return before.get() + 1; }, std::move(last));
  EXPECT_EQ(last.get(), 200);
}

TEST_P(nesting, siblings_may_wait_for_each_other) {
  start_shape();
  auto pairs = submit([] {
    int sum = 0;
    for (int i = 0; i < 50; ++i) {
      gate ready;
      auto waits = submit([&ready] {
        ready.pass();
        return 1;
      });
      auto opens = submit([&ready] {
        ready.open();
        return 1;
      });
      sum += waits.get() + opens.get();
    }
    return sum;
  });
  EXPECT_EQ(pairs.get(), 100);
}

class one_core : public runtime_test {
 protected:
  void SetUp() override { start(small(1, 1, 2)); }
};

TEST_F(one_core, a_lead_that_waits_for_thousands_nested_ten_levels_deep_completes) {
  const auto thousands = [](auto& self, int level) -> int {
    std::vector<token<int>> children;
    for (int i = 0; i < 2000; ++i) children.push_back(submit([] { return 1; }));
    if (level > 1)
      children.push_back(submit(tags{external_calls{"next"}}, [&self, level] { return self(self, level - 1); }));
    const auto results = gather(std::move(children));
    return std::accumulate(results.begin(), results.end(), 0);
  };
  const auto lead = [&](int levels) { return thousands(thousands, levels); };
  EXPECT_EQ(submit(tags{external_calls{"next"}}, lead, 10).get(), 20'000);
  EXPECT_EQ(submit(tree, 10, 3, waiting::backwards).get(), size_of_tree(10, 3));
}

TEST_F(one_core, a_hundred_thousand_tokens_may_be_suspended_at_once) {
  constexpr int count = testing::scaled(100'000);
  gate held;
  std::vector<token<int>> sleepers;
  sleepers.reserve(count);
  for (int i = 0; i < count; ++i)
    sleepers.push_back(submit([&held, i] {
      held.pass();
      return i;
    }));
  EXPECT_TRUE(testing::eventually([&] { return held.waiting() == count; }));
  EXPECT_EQ(submit([] { return 7; }).get(), 7) << "the core goes on meanwhile";
  held.open();
  std::int64_t sum = 0;
  for (const int each : gather(std::move(sleepers))) sum += each;
  EXPECT_EQ(sum, std::int64_t{count} * (count - 1) / 2);
}

TEST_F(one_core, many_timers_fire) {
  std::vector<token<int>> sleepers;
  for (int i = 0; i < testing::scaled(20'000); ++i)
    sleepers.push_back(submit([i] {
      this_token::sleep_for(std::chrono::microseconds((i * 7919) % 20'000));
      return 1;
    }));
  const auto woken = gather(std::move(sleepers));
  EXPECT_EQ(std::accumulate(woken.begin(), woken.end(), 0), testing::scaled(20'000));
}

int descend(int depth) { return depth == 0 ? 0 : submit(descend, depth - 1).get() + 1; }

TEST_F(one_core, a_recursion_deeper_than_the_stack_goes_on_with_fresh_stacks) {
  EXPECT_EQ(submit(descend, 50'000).get(), 50'000);
  EXPECT_GT(sum(&core_statistics::ran_inline), 10'000u) << "as long as the stack allows";
  EXPECT_GT(sum(&core_statistics::inline_refused), 10u);
  EXPECT_LT(sum(&core_statistics::inline_refused), 25'000u);
}

int descend_with_large_frames(int depth) {
  volatile char frame[40'000];
  for (std::size_t i = 0; i < sizeof frame; i += 1000) frame[i] = static_cast<char>(depth);
  const int below = depth == 0 ? 0 : submit(descend_with_large_frames, depth - 1).get();
  return below + (frame[1000] == static_cast<char>(depth) ? 1 : 0);
}

TEST_F(one_core, large_frames_nest_as_deep_as_small_ones) {
  EXPECT_EQ(submit(descend_with_large_frames, 500).get(), 501);
}

TEST_F(one_core, children_are_run_by_the_one_that_waits_for_them) {
  EXPECT_EQ(submit(tree, 5, 4, waiting::backwards).get(), size_of_tree(5, 4));
  EXPECT_EQ(sum(&core_statistics::ran_inline), static_cast<std::uint64_t>(size_of_tree(5, 4) - 1));
  EXPECT_EQ(sum(&core_statistics::suspensions), 0u) << "no fiber was switched";
}

}  // namespace
}  // namespace tokengate
