// Work that one core has reaches the others: bursts from outside, and the children of one token.
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/host.h>
#include <tokengate/core/spin_pause.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/tags.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::runtime_test;
using testing::tracked;

class stealing : public runtime_test {};

/// Thieves keep off from children that are not worth it, but not for good.
TEST_F(stealing, after_many_tiny_children_a_large_one_is_still_stolen) {
  start(small(2, 1, 1 << 16));
  submit([] {
    for (int round = 0; round < 20; ++round) {
      std::vector<token<void>> tiny;
      for (int i = 0; i < 5'000; ++i) tiny.push_back(submit([] {}));
      gather(std::move(tiny));
      std::atomic<bool> stolen{false};
      auto other = submit([&] { stolen = true; });
      while (!stolen) std::this_thread::yield();
      other.get();
    }
  }).get();
}

/// Every core is needed for every burst, and has to be woken by somebody at whatever point on its way to sleep it is.
TEST_F(stealing, a_burst_of_tokens_that_keep_their_cores_busy_gets_all_of_them) {
  constexpr unsigned cores = 8;
  start(small(cores, 1, 2));
  for (unsigned round = 0; round < 1500; ++round) {
    blockade wall;
    std::vector<token<void>> burst;
    for (unsigned i = 0; i < cores; ++i) burst.push_back(submit([&] { wall.hold(); }));
    const bool all = eventually([&] { return wall.holding() == static_cast<int>(cores); });
    ASSERT_TRUE(all) << wall.holding() << " cores run one of " << cores << " tokens, the others sleep; round " << round
                     << (wall.lift(), "");
    wall.lift();
    for (auto& each : burst) each.get();
    for (unsigned i = 0; round % 3 == 0 && i < round % 200; ++i) std::this_thread::yield();
  }
}

TEST_F(stealing, the_children_of_one_token_get_all_cores_in_batches_and_run_once) {
  constexpr unsigned cores = 4;
  start(small(cores, 2, 16));
  constexpr std::size_t count = 3000;
  std::vector<std::atomic<int>> runs(count);
  blockade wall;
  std::vector<token<void>> busy;
  for (unsigned i = 0; i + 1 < cores; ++i) busy.push_back(submit([&] { wall.hold(); }));
  EXPECT_TRUE(eventually([&] { return wall.holding() == static_cast<int>(cores) - 1; }));
  submit([&] {
    std::vector<token<unsigned>> children;
    for (std::size_t i = 0; i < count; ++i)
      children.push_back(submit([&runs, i, argument = tracked()] {
        runs[i].fetch_add(1);
        return this_token::core();
      }));
    const auto before = sum(&core_statistics::stolen);
    wall.lift();
    // Computes until another core has taken some: they are not run in place before.
    EXPECT_TRUE(eventually([&] { return sum(&core_statistics::stolen) > before; }));
    EXPECT_GE(sum(&core_statistics::stolen), before + 64) << "a thief takes many at once";
    gather(std::move(children));
  }).get();
  gather(std::move(busy));  // they look at the wall until they have ended
  for (const auto& each : runs) ASSERT_EQ(each, 1);
}

TEST_F(stealing, what_a_thief_took_can_still_be_waited_for_killed_and_stolen_again) {
  start(small(8, 1, 16));
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> begun{0};
    std::vector<token<int>> children;
    const auto parent = submit([&] {
      for (int i = 0; i < 500; ++i)
        children.push_back(submit([&, i, argument = tracked()] {
          begun.fetch_add(1);
          if (i % 10 == 0) this_token::yield();
          return i;
        }));
      for (std::size_t i = 0; i < children.size(); i += 7) children[i].kill();
    });
    parent.wait();
    int killed = 0;
    for (std::size_t i = 0; i < children.size(); ++i) {
      children[i].wait();
      if (children[i].state() == token_state::killed)
        ++killed;
      else
        EXPECT_EQ(children[i].get(), static_cast<int>(i));
    }
    EXPECT_LE(killed, 72);
    EXPECT_GE(begun, 500 - killed);
    children.clear();
  }
}

// A core that looks for work may find a resumed token, which keeps it for long, while who made a fresh one saw it
// looking and woke nobody: then it must wake another one before it goes on.
TEST_F(stealing, takes_what_appeared_while_a_core_that_searched_found_something_else) {
  start(small(3, 1, 16));
  int tried = 0;
  for (int round = 0; round < 300; ++round) {
    gate first, second;
    std::atomic<unsigned> home{0};
    std::atomic<bool> child_ran{false}, give_up{false};
    const auto keep_busy = [&] {
      while (!child_ran && !give_up) std::this_thread::yield();
    };
    auto resumed = submit(tags{weight::heavy}, [&] {
      home = detail::host::current()->index();
      first.pass();
      second.pass();  // its core searches now
      keep_busy();
    });
    ASSERT_TRUE(eventually([&] { return first.waiting() == 1; }));
    auto maker = submit([&] {
      first.open();
      if (detail::host::current()->index() == home) return second.open();
      while (second.waiting() == 0 && !give_up) std::this_thread::yield();
      for (int i = 0; i < round % 50; ++i) detail::spin_pause();  // some moment of its search
      second.open();
      submit([&] { child_ran = true; }).detach();
      ++tried;
      keep_busy();
      child_ran = true;
    });
    EXPECT_TRUE(maker.wait_for(std::chrono::seconds(20))) << "in round " << round;
    give_up = true;
    maker.get();
    resumed.get();
    if (HasFailure()) break;
  }
  if (tried == 0) GTEST_SKIP() << "both tokens were run by one core every time";
}

// Of what waits in a lane a thief takes a few at once, if the lane allows it; but never two heavy ones, behind which
// the light ones of its own lane would have to wait.
TEST_F(stealing, takes_several_tokens_of_a_lane_but_heavy_ones_singly) {
  const struct {
    const char* lane;
    weight what;
    bool singly;
  } cases[] = {{"balanced", weight::light, false},
               {"balanced", weight::medium, false},
               {"balanced", weight::heavy, true},
               {"priority", weight::medium, true}};
  for (const auto& [lane, what, singly] : cases) {
    auto wanted = small(2, 1, 64);
    wanted.lane = lane;
    start(wanted);
    blockade one, other, thief;
    std::vector<token<void>> tokens;
    tokens.push_back(submit([&] { one.hold(); }));
    ASSERT_TRUE(eventually([&] { return one.holding() == 1; }));
    tokens.push_back(submit([&] { other.hold(); }));
    ASSERT_TRUE(eventually([&] { return other.holding() == 1; }));
    const auto before = sum(&core_statistics::stolen);
    for (int i = 0; i < 20; ++i)
      tokens.push_back(submit(tags{what}, [&] {
        if (sum(&core_statistics::stolen) > before) thief.hold();
      }));
    one.lift();  // its core runs what it has, and then takes from the other one
    ASSERT_TRUE(eventually([&] { return thief.holding() == 1; }));
    if (singly)
      EXPECT_EQ(sum(&core_statistics::stolen) - before, 1u);
    else
      EXPECT_GT(sum(&core_statistics::stolen) - before, 2u);
    thief.lift();
    other.lift();
    for (auto& each : tokens) each.get();
  }
}

}  // namespace
}  // namespace tokengate
