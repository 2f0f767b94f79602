#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/plugins/treehash/children.h>
#include <tokengate/tokengate.h>

namespace tokengate::treehash {
namespace {

using namespace std::chrono_literals;

class children_of_a_token : public testing::TestWithParam<unsigned> {
 protected:
  children_of_a_token() : system(options{.cores = GetParam()}) { system.start(); }

  coordinator system;
};

TEST_P(children_of_a_token, the_newest_are_finished_first) {
  const auto order = submit([] {
                       children<int, std::string> brood;
                       for (int i = 0; i < 100; ++i) brood.add(std::to_string(i), submit([i] { return i * i; }));
                       std::vector<int> seen;
                       const auto use = [&](const std::string& note, int result) {
                         EXPECT_EQ(result, std::stoi(note) * std::stoi(note));
                         seen.push_back(std::stoi(note));
                       };
                       brood.finish_newest(60, use);
                       EXPECT_EQ(brood.size(), 60u);
                       brood.finish_newest(0, use);
                       EXPECT_TRUE(brood.empty());
                       return seen;
                     }).get();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], 99 - i);
}

TEST_P(children_of_a_token, those_that_ended_do_not_wait_for_others) {
  submit([] {
    std::atomic<bool> released{false};
    std::vector<int> ended;
    children<int, int> brood;
    brood.add(0, submit([&released] {
                while (!released) this_token::sleep_for(1ms);
                return 0;
              }));
    for (int i = 1; i < 10; ++i) brood.add(i, submit([i] { return i; }));
    const auto use = [&](int note, int) { ended.push_back(note); };
    while (brood.size() > 1) brood.finish_ended(use);
    EXPECT_EQ(ended.size(), 9u);
    released = true;
    while (!brood.empty()) brood.finish_ended(use);
    EXPECT_EQ(ended.back(), 0);
  }).get();
}

TEST_P(children_of_a_token, have_ended_when_an_exception_takes_their_parent) {
  std::atomic<int> ended{0};
  auto parent = submit([&ended] {
    std::vector<int> locals(50, 1);
    children<int, int> brood;
    for (int i = 0; i < 50; ++i) {
      brood.add(i, submit([i, &locals, &ended] {
                  this_token::sleep_for(1ms);
                  if (i == 25) throw std::runtime_error("child");
                  ++ended;
                  return locals[static_cast<std::size_t>(i)];
                }));
    }
    brood.finish_newest(0, [](int, int) {});
  });
  EXPECT_THROW(parent.get(), std::runtime_error);
  EXPECT_EQ(ended, 49);
}

INSTANTIATE_TEST_SUITE_P(cores, children_of_a_token, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace tokengate::treehash
