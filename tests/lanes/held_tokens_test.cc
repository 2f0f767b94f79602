// What a pause keeps back on a core goes on in the order in which it came.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/tags.h>
#include <tokengate/lanes/held_tokens.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate {
namespace {

using lanes::held_tokens;
using testing::blockade;
using testing::eventually;
using testing::runtime_test;
using testing::some_tokens;

const auto none_held = [](const detail::node&) { return false; };

TEST(held_tokens, go_oldest_first_over_all_operations) {
  held_tokens held;
  some_tokens tokens(12);
  for (std::uint32_t i = 0; i < 12; ++i) {
    tokens[i].operation = i % 3;
    held.push(tokens[i]);
  }
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(held.pop_but(none_held), &tokens[i]);
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(held.pop_but(none_held), nullptr);
}

TEST(held_tokens, that_are_older_come_first_in_the_order_of_their_group) {
  held_tokens held;
  some_tokens tokens(8);
  for (std::uint32_t i = 0; i < 8; ++i) tokens[i].operation = 0;
  held.push(tokens[5]);
  held.push_older(tokens[3], 1);
  held.push_older(tokens[4], 1);
  held.push(tokens[6]);
  held.push_older(tokens[1], 2);
  held.push_older(tokens[2], 2);
  EXPECT_EQ(held.pop_but(none_held), &tokens[1]);
  held.push_older(tokens[0], 3);
  held.push_older(tokens[1], 3);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(held.pop_but(none_held), &tokens[i]) << i;
  held.push_older(tokens[7], 3);
  EXPECT_EQ(held.pop_but(none_held), &tokens[7]);
  EXPECT_TRUE(held.empty());
}

TEST(held_tokens, of_a_paused_operation_stay_and_the_others_pass) {
  held_tokens held;
  some_tokens tokens(4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    tokens[i].operation = i % 2;
    held.push(tokens[i]);
  }
  const auto evens_held = [](const detail::node& each) { return each.operation == 0; };
  EXPECT_TRUE(held.any_but(evens_held));
  EXPECT_EQ(held.pop_but(evens_held), &tokens[1]);
  EXPECT_EQ(held.pop_but(evens_held), &tokens[3]);
  EXPECT_FALSE(held.any_but(evens_held));
  EXPECT_EQ(held.pop_but(evens_held), nullptr);
  EXPECT_TRUE(held.before(tokens[2])) << "an older one of its operation is here";
  EXPECT_FALSE(held.before(tokens[1]));
  EXPECT_EQ(held.pop_but(none_held), &tokens[0]);
  EXPECT_EQ(held.pop_but(none_held), &tokens[2]);
}

TEST(held_tokens, children_wait_for_no_token_from_outside) {
  held_tokens held;
  some_tokens tokens(2);
  tokens[1].creator = 7;
  held.push(tokens[0]);
  held.push(tokens[1]);
  const auto outside_held = [](const detail::node& each) { return each.creator == 0; };
  EXPECT_FALSE(held.before(tokens[1]));
  EXPECT_EQ(held.pop_but(outside_held), &tokens[1]);
  EXPECT_EQ(held.pop_but(outside_held), nullptr);
  std::size_t left = 0;
  held.for_each([&](const detail::node& each) { left += &each == &tokens[0] ? 1 : 0; });
  EXPECT_EQ(left, 1u);
}

std::vector<int> seen;
TOKENGATE_OPERATION(void, in_turn, (int n)) { seen.push_back(n); }
TOKENGATE_APPLICATION(held_tokens_application);

class what_is_held : public runtime_test {
 protected:
  void SetUp() override { seen.clear(); }
};

TEST_F(what_is_held, comes_before_what_is_still_in_the_mailbox) {
  auto& coordinator = start(small(1, 1, 1024));
  for (int round = 0; round < 200; ++round) {
    blockade busy;
    auto first = submit([&] { busy.hold(); });
    ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
    std::vector<token<void>> tokens;
    for (int i = 0; i < 300; ++i) tokens.push_back(in_turn(static_cast<int>(seen.size()) + i));
    const auto held_before = sum(&core_statistics::held_back);
    coordinator.pause("in_turn");
    busy.lift();
    // Some are taken out of the mailbox and held; let go while the others are still coming out.
    while (sum(&core_statistics::held_back) < held_before + 50) std::this_thread::yield();
    coordinator.resume("in_turn");
    for (auto& each : tokens) each.get();
    first.get();
    ASSERT_TRUE(std::is_sorted(seen.begin(), seen.end()))
        << seen[static_cast<std::size_t>(std::is_sorted_until(seen.begin(), seen.end()) - seen.begin())];
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(round + 1) * 300);
  }
}

TEST_F(what_is_held, costs_the_same_however_many_there_are) {
  auto& coordinator = start(small(1, 1, std::size_t{1} << 17));
  blockade busy;
  auto first = submit([&] { busy.hold(); });
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::vector<token<void>> tokens;
  for (int i = 0; i < 100'000; ++i) tokens.push_back(in_turn(i));
  coordinator.pause("in_turn");
  busy.lift();
  EXPECT_TRUE(eventually([&] { return sum(&core_statistics::held_back) == tokens.size(); }));
  coordinator.resume("in_turn");
  for (auto& each : tokens) each.get();
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(what_is_held, of_children_goes_on_although_everything_else_is_paused) {
  auto& coordinator = start(small(2, 1, 16));
  coordinator.pause("in_turn");
  auto parent = submit([] { in_turn(1).get(); });
  EXPECT_TRUE(eventually([&] { return sum(&core_statistics::held_back) == 1; }));
  coordinator.pause();
  coordinator.resume("in_turn");
  parent.get();  // a pause of everything leaves the children of running tokens alone
  coordinator.resume();
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(what_is_held, may_want_a_lane_that_nobody_has_used_before) {
  auto& coordinator = start(small(2, 1, 16));
  for (const bool everything : {false, true}) {
    everything ? coordinator.pause() : coordinator.pause("submit");
    auto token = submit(tags{lane{everything ? "staggered" : "priority"}}, [] { return 1; });
    EXPECT_EQ(token.state(), token_state::waiting);
    everything ? coordinator.resume() : coordinator.resume("submit");
    EXPECT_EQ(token.get(), 1);
  }
}

/// An argument that does something when it goes.
class at_its_end {
 public:
  explicit at_its_end(std::function<void()> what) : what_(std::move(what)) {}
  at_its_end(at_its_end&& other) noexcept : what_(std::exchange(other.what_, nullptr)) {}
  at_its_end& operator=(at_its_end&&) = delete;
  ~at_its_end() {
    if (what_) what_();
  }

 private:
  std::function<void()> what_;
};

/// A token that is killed where it waits: it goes when its core comes to it.
void submit_and_kill(std::function<void()> at_end) {
  auto killed = submit([](const at_its_end&) {}, at_its_end(std::move(at_end)));
  EXPECT_TRUE(killed.kill());
}

// A token that was killed in a mailbox does at its end whatever its arguments do then, for as long as they like; a
// pause that was made meanwhile holds for the token behind it.
TEST_F(what_is_held, stays_although_the_one_before_it_went_slowly) {
  auto wanted = small(1, 2, 16);
  wanted.max_suspended = 1;
  auto& coordinator = start(wanted);
  testing::gate held;
  auto suspended = submit([&] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  blockade busy, going;
  auto first = submit([&] { busy.hold(); });
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  submit_and_kill([&] {
    submit([] {}).detach();  // run on the spot, since enough is suspended
    going.hold();
  });
  std::atomic<bool> begun{false};
  auto behind = submit([&] { begun = true; });
  busy.lift();
  ASSERT_TRUE(eventually([&] { return going.holding() == 1; }));
  coordinator.pause();
  going.lift();
  held.open();
  suspended.get();  // the core goes on
  EXPECT_FALSE(begun);
  EXPECT_NE(behind.state(), token_state::executing);
  coordinator.resume();
  behind.get();
  first.get();
}

// A pause waits for no more than the few instructions in which a core takes a token.
TEST_F(what_is_held, lets_pause_return_although_the_one_before_it_waits_at_its_end) {
  auto& coordinator = start(small(1, 2, 16));
  testing::gate held, end;
  blockade busy, goes_on;
  auto suspended = submit([&] {
    held.pass();
    goes_on.hold();
  });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto first = submit([&] { busy.hold(); });
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  submit_and_kill([&] {
    held.open();
    end.pass();
  });
  busy.lift();
  ASSERT_TRUE(eventually([&] { return goes_on.holding() == 1; }));
  ASSERT_EQ(end.waiting(), 1u);
  coordinator.pause();
  goes_on.lift();
  end.open();
  suspended.get();
  coordinator.resume();
  first.get();
}

}  // namespace
}  // namespace tokengate
