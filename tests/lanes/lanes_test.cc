// Several lanes in one coordinator: what is routed where, who goes first, and that nothing is lost.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/lanes/lane.h>
#include <tokengate/linked_lanes.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using testing::blockade;
using testing::eventually;
using testing::runtime_test;

std::mutex started_mutex;
std::string started;  // a letter per token that has started

void start_as(char who) {
  const std::scoped_lock lock(started_mutex);
  started += who;
}

TOKENGATE_OPERATION(void, one_light, (), weight::light) { start_as('L'); }
TOKENGATE_OPERATION(void, one_medium, (), weight::medium) { start_as('M'); }
TOKENGATE_OPERATION(void, one_heavy, (), weight::heavy) { start_as('H'); }
TOKENGATE_OPERATION(void, light_by_priority, (), weight::light, lane{"priority"}) { start_as('l'); }
TOKENGATE_OPERATION(void, heavy_by_priority, (), lane{"priority"}, weight::heavy) { start_as('h'); }
TOKENGATE_OPERATION(void, staggered_heavy, (), lane{"staggered"}, weight::heavy) { start_as('s'); }
TOKENGATE_OPERATION(unsigned, staggered_core, (), lane{"staggered"}, weight::light) { return this_token::core(); }
TOKENGATE_OPERATION(int, family, (int children), lane{"priority"}, external_calls{"one_light"}) {
  std::vector<token<void>> all;
  for (int i = 0; i < children; ++i) all.push_back(one_light());
  gather(std::move(all));
  return children;
}
TOKENGATE_APPLICATION(operations);
static_assert(operations.find("light_by_priority")->lane == "priority");

class lanes_test : public runtime_test {
 protected:
  lanes_test() { started.clear(); }

  /// Does `offer` while the only core is busy, lets it go on, and returns in which order the tokens started.
  template <class Offer>
  std::string order_of(Offer offer) {
    blockade busy;
    auto holder = submit(tags{weight::heavy}, [&] { busy.hold(); });
    EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
    std::vector<token<void>> all;
    offer(all);
    busy.lift();
    gather(std::move(all));
    holder.get();
    return started;
  }
};

TEST_F(lanes_test, a_light_token_is_not_behind_400_heavy_ones) {
  for (const std::size_t mailbox : {2u, 1024u}) {
    started.clear();
    start(small(1, 1, mailbox));
    const auto order = order_of([](auto& all) {
      for (int i = 0; i < 400; ++i) all.push_back(one_heavy());
      all.push_back(one_light());
    });
    EXPECT_EQ(order.size(), 401u);
    // With the heavy one that keeps the core busy there may be one more before it.
    EXPECT_LE(order.find('L'), 1u) << order;
  }
}

TEST_F(lanes_test, under_balanced_at_most_two_heavy_tokens_start_between_light_ones) {
  start(small(1, 1, 64));
  const auto order = order_of([](auto& all) {
    for (int i = 0; i < 300; ++i) all.push_back(one_heavy());
    for (int i = 0; i < 100; ++i) all.push_back(one_light());
  });
  const std::string contended = order.substr(0, order.rfind('L'));
  EXPECT_EQ(contended.find("HHH"), std::string::npos) << order;
}

TEST_F(lanes_test, under_priority_heavy_tokens_age) {
  start(small(1, 1, 64));
  const auto order = order_of([](auto& all) {
    for (int i = 0; i < 4; ++i) all.push_back(heavy_by_priority());
    for (int i = 0; i < 200; ++i) all.push_back(light_by_priority());
  });
  std::string expected;
  for (int i = 0; i < 4; ++i) expected += std::string(32, 'l') + 'h';
  EXPECT_EQ(order.substr(0, expected.size()), expected);
}

TEST_F(lanes_test, the_option_names_the_lane_of_tokens_that_name_none) {
  auto wanted = small(1, 1, 64);
  wanted.lane = "priority";
  start(wanted);
  const auto order = order_of([](auto& all) {
    for (int i = 0; i < 4; ++i) all.push_back(one_heavy());
    for (int i = 0; i < 40; ++i) all.push_back(one_light());
    all.push_back(heavy_by_priority());  // the same lane, so behind the other heavy ones
  });
  EXPECT_EQ(order, std::string(32, 'L') + 'H' + std::string(8, 'L') + "HHHh");
}

TEST_F(lanes_test, lanes_take_turns_on_a_core) {
  start(small(1, 1, 1024));
  const auto order = order_of([](auto& all) {
    for (int i = 0; i < 50; ++i) all.push_back(one_medium());
    for (int i = 0; i < 50; ++i) all.push_back(light_by_priority());
    for (int i = 0; i < 50; ++i) all.push_back(staggered_heavy());
  });
  for (const char who : {'M', 'l', 's'}) {
    int before = 0;
    for (std::size_t i = 0; i < 75; ++i) before += order[i] == who ? 1 : 0;
    EXPECT_EQ(before, 25) << who << " in " << order;
  }
}

TEST_F(lanes_test, staggered_tokens_run_where_their_position_says) {
  start(small(3, 4, 0));
  std::vector<token<unsigned>> all;
  for (int i = 0; i < 200; ++i) all.push_back(staggered_core());
  for (const unsigned core : gather(std::move(all))) ASSERT_EQ(core, 2u) << "light tokens keep to the third core";
}

TEST_F(lanes_test, a_core_that_sleeps_is_woken_for_what_nobody_else_may_take) {
  start(small(3, 4, 0));
  // The first core searches for a while after its token; meanwhile the third one, asleep, gets one that only it may
  // take.
  const auto sleeps = [this] { return running().statistics_of_cores()[2].sleeps; };
  std::uint64_t slept = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(eventually([&] { return sleeps() > slept; }));
    slept = sleeps();
    staggered_heavy().get();
    auto other = staggered_core();
    ASSERT_TRUE(eventually([&] { return is_terminal(other.state()); })) << "it lies at a core that sleeps";
    EXPECT_EQ(other.get(), 2u);
  }
}

TEST_F(lanes_test, submit_may_name_a_lane_too) {
  start(small(3, 4, 0));
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(submit(tags{lane{"staggered"}, weight::light}, [] { return this_token::core(); }).get(), 2u);
  try {
    submit(tags{lane{"imaginary"}}, [] {}).detach();
    FAIL() << "an unknown lane was accepted";
  } catch (const misuse& thrown) {
    const std::string_view said = thrown.what();
    EXPECT_NE(said.find("lane 'imaginary' is not linked"), std::string_view::npos) << said;
    for (const auto& each : lanes::linked_lanes()) EXPECT_NE(said.find(each.name), std::string_view::npos) << said;
  }
}

TEST_F(lanes_test, the_names_that_are_checked_are_the_lanes_that_are_linked) {
  const auto all = lanes::linked_lanes();
  ASSERT_EQ(all.size(), lane_names().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].name, lane_names()[i]);
    EXPECT_EQ(all[i].name, detail::linked_lanes<void>::names[i]);
    EXPECT_EQ(lane_number(all[i].name), i + 1);
  }
  EXPECT_LT(lanes::default_lane(), all.size());
}

using shape_and_lane = std::tuple<unsigned, std::size_t, std::string>;
class every_lane : public runtime_test, public ::testing::WithParamInterface<shape_and_lane> {
 protected:
  coordinator& start_shape() {
    const auto& [cores, mailbox, name] = GetParam();
    auto wanted = small(cores, 2, mailbox);
    wanted.lane = name;
    return start(wanted);
  }
};
std::vector<std::string> names_of_lanes() {
  std::vector<std::string> all;
  for (const auto& each : lanes::linked_lanes()) all.emplace_back(each.name);
  return all;
}
INSTANTIATE_TEST_SUITE_P(on, every_lane,
                         ::testing::Combine(::testing::Values(1u, 2u, 5u),
                                            ::testing::Values(std::size_t{1}, std::size_t{0}),
                                            ::testing::ValuesIn(names_of_lanes())),
                         [](const auto& of) {
                           return std::get<2>(of.param) + "_" + std::to_string(std::get<0>(of.param)) +
                                  "_cores_mailbox_of_" + std::to_string(std::get<1>(of.param));
                         });

TEST_P(every_lane, runs_tokens_of_all_lanes_and_weights_from_many_threads) {
  start_shape();
  constexpr int threads = 3, each = 400;
  std::atomic<int> ran{0};
  testing::together(threads, [&](int) {
    std::vector<token<void>> all;
    for (int i = 0; i < each; ++i) {
      const auto what = static_cast<weight>(i % 3);
      const auto count = [&ran] { ran.fetch_add(1, std::memory_order_relaxed); };
      if (i % 5 == 0)
        all.push_back(submit(tags{what, lane{lane_names()[static_cast<std::size_t>(i) % lane_names().size()]}}, count));
      else
        all.push_back(submit(tags{what}, count));
    }
    gather(std::move(all));
  });
  EXPECT_EQ(ran, threads * each);
}

TEST_P(every_lane, lets_tokens_wait_for_tokens_of_other_lanes) {
  start_shape();
  std::vector<token<int>> families;
  for (int i = 0; i < 30; ++i) families.push_back(family(20));
  for (int i = 0; i < 30; ++i)
    families.push_back(submit([] {
      int sum = 0;
      for (int j = 0; j < 20; ++j) sum += submit(tags{lane{"staggered"}, weight::heavy}, [] { return 1; }).get();
      return sum;
    }));
  for (const int children : gather(std::move(families))) EXPECT_EQ(children, 20);
}

TEST_P(every_lane, is_emptied_by_a_hard_stop) {
  auto& running = start_shape();
  std::vector<token<void>> all;
  std::jthread submitter([&] {
    try {
      for (int i = 0; i < 2000; ++i) all.push_back(submit(tags{static_cast<weight>(i % 3)}, [] {}));
    } catch (const error&) {  // stopped, or no coordinator any more
    }
  });
  running.stop(std::chrono::nanoseconds(0));
  submitter.join();
  std::size_t ended = 0;
  for (auto& each : all) ended += is_terminal(each.state()) ? 1 : 0;
  EXPECT_EQ(ended, all.size());
}

}  // namespace
}  // namespace tokengate
