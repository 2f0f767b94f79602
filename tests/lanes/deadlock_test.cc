// Tokens that wait for each other: found, named, and broken at the youngest waiter. Nothing else is taken for it.
#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
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
using testing::runtime_test;

options quick(options wanted) {
  wanted.watch_every = 1ms;
  return wanted;
}

class deadlock_on : public every_shape {};
INSTANTIATE_TEST_SUITE_P(shape, deadlock_on, all_shapes(), name_of_shape);

/// A token that waits for a handle which its maker leaves here.
struct handover {
  gate left;
  token<void> handle;
  void wait() {
    left.pass();
    handle.get();
  }
};

TEST_P(deadlock_on, two_tokens_that_wait_for_each_other_are_told_so) {
  start(quick(shape()));
  handover of_first, of_second;
  std::atomic<int> told{0};
  std::string words;
  const auto wait_for = [&](handover& other) {
    try {
      other.wait();
    } catch (const deadlock_detected& found) {
      if (told.fetch_add(1) == 0) words = found.what();
    }
  };
  auto first = submit([&] { wait_for(of_second); });
  auto second = submit([&] { wait_for(of_first); });
  of_first.handle = std::move(first);
  of_second.handle = std::move(second);
  const auto ids = std::pair{of_first.handle.id(), of_second.handle.id()};
  of_first.left.open();
  of_second.left.open();
  EXPECT_TRUE(eventually([&] { return told.load() == 1 && ended() == 2; })) << "the other one goes on without a word";
  EXPECT_EQ(told.load(), 1);
  const auto name = [](std::uint64_t id) { return "token " + std::to_string(id) + " of 'submit'"; };
  const auto young = name(std::max(ids.first, ids.second)), old = name(std::min(ids.first, ids.second));
  EXPECT_EQ(words, "deadlock: " + young + " waits for " + old + ", which waits for " + young +
                       "; let one of them not wait for the next");
}

TEST_P(deadlock_on, a_token_that_waits_for_itself_is_told_so) {
  start(quick(shape()));
  handover own;
  std::atomic<bool> told{false};
  auto lonely = submit([&] {
    try {
      own.wait();
    } catch (const deadlock_detected&) {
      told = true;
    }
  });
  own.handle = std::move(lonely);
  own.left.open();
  EXPECT_TRUE(eventually([&] { return told.load() && ended() == 1; }));
}

TEST_P(deadlock_on, a_cycle_of_many_is_broken_once) {
  start(quick(shape()));
  constexpr std::size_t count = 7;
  std::array<handover, count> ring;
  std::array<token<void>, count> made;
  std::atomic<int> told{0};
  for (std::size_t i = 0; i < count; ++i)
    made[i] = submit([&, i] {
      try {
        ring[(i + 1) % count].wait();
      } catch (const deadlock_detected&) {
        told.fetch_add(1);
      }
    });
  for (std::size_t i = 0; i < count; ++i) ring[i].handle = std::move(made[i]);
  for (auto& each : ring) each.left.open();
  EXPECT_TRUE(eventually([&] { return ended() == count; }));
  EXPECT_EQ(told.load(), 1) << "the others got what they waited for";
}

TEST_P(deadlock_on, one_that_waits_for_who_runs_it_in_place_is_told_so) {
  start(quick(shape()));
  handover of_outer;
  std::atomic<bool> told{false};
  auto outer = submit([&] {
    of_outer.left.pass();
    auto inner = submit([&] {
      try {
        of_outer.handle.get();
      } catch (const deadlock_detected&) {
        told = true;
      }
    });
    inner.get();
  });
  of_outer.handle = std::move(outer);
  of_outer.left.open();
  EXPECT_TRUE(eventually([&] { return told.load() && ended() == 2; }));
}

class deadlock : public runtime_test {};

TEST_F(deadlock, whoever_waits_for_the_victim_gets_its_failure) {
  start(quick(small(2, 2, 64)));
  handover of_first, of_second;
  auto first = submit([&] { of_second.wait(); });
  auto second = submit([&] { of_first.wait(); });
  auto third = submit([&] {
    of_first.left.pass();
    of_second.left.pass();
  });
  of_first.handle = std::move(first);
  of_second.handle = std::move(second);
  of_first.left.open();
  of_second.left.open();
  third.get();
  EXPECT_TRUE(eventually([&] { return ended() == 3; }));
  std::uint64_t failures = 0;
  for (const auto& each : running().statistics()) failures += each.failures;
  EXPECT_EQ(failures, 2u);
  expected_unobserved = 1;  // of the one whose handle nobody waits for any more: it got the other's failure
}

TEST_F(deadlock, gather_and_wait_any_are_told_too) {
  start(quick(small(2, 2, 64)));
  gate begin;
  std::vector<token<void>> of_gather, of_any;
  std::atomic<int> told{0};
  const auto counting = [&](auto wait) {
    begin.pass();
    try {
      wait();
    } catch (const deadlock_detected&) {
      told.fetch_add(1);
    }
  };
  auto gathers = submit([&] { counting([&] { gather(std::move(of_gather)); }); });
  auto takes_any = submit([&] { counting([&] { static_cast<void>(wait_any(of_any)); }); });
  // Each waits for itself; the first for something that would end, too.
  of_gather.push_back(submit([] {}));
  of_gather.push_back(std::move(gathers));
  of_any.push_back(std::move(takes_any));
  begin.open();
  EXPECT_TRUE(eventually([&] { return told.load() == 2 && ended() == 3; }));
}

TEST_F(deadlock, a_wait_with_a_limit_is_none) {
  auto& cores = start(quick(small(2, 2, 64)));
  handover of_first, of_second;
  std::atomic<int> gave_up{0};
  auto first = submit([&] {
    of_second.left.pass();
    try {
      of_second.handle.get_for(20ms);
    } catch (const wait_timed_out&) {
      gave_up.fetch_add(1);
    }
  });
  auto second = submit([&] { of_first.wait(); });
  of_first.handle = std::move(first);
  of_second.handle = std::move(second);
  of_first.left.open();
  of_second.left.open();
  EXPECT_TRUE(eventually([&] { return cores.break_deadlocks().empty() && ended() == 2; }));
  EXPECT_EQ(gave_up.load(), 1);
}

TEST_F(deadlock, a_shielded_wait_is_left_alone) {
  auto& cores = start(quick(small(2, 2, 64)));
  handover of_first, of_second;
  std::atomic<bool> told{false};
  auto first = submit([&] {
    try {
      of_second.wait();
    } catch (const deadlock_detected&) {
      told = true;
    }
  });
  auto second = submit([&] {
    const this_token::shield whole;
    of_first.wait();
  });
  ASSERT_LT(first.id(), second.id());
  of_first.handle = std::move(first);
  of_second.handle = std::move(second);
  of_first.left.open();
  of_second.left.open();
  EXPECT_TRUE(eventually([&] { return told.load() && ended() == 2; })) << "the younger one must not throw";
  EXPECT_TRUE(cores.break_deadlocks().empty());
}

TEST_P(deadlock_on, waits_that_end_are_never_taken_for_one) {
  auto& cores = start(shape());
  std::atomic<bool> over{false};
  std::vector<std::string> found;
  std::jthread looks([&] {
    while (!over.load())
      for (auto& each : cores.break_deadlocks()) found.push_back(std::move(each));
  });
  std::function<int(int)> family = [&](int depth) -> int {
    if (depth == 0) {
      this_token::yield();
      return 1;
    }
    std::vector<token<int>> children;
    for (int i = 0; i < 3; ++i) children.push_back(submit(family, depth - 1));
    if (depth % 2 == 0) static_cast<void>(wait_any(children));
    if (depth == 2) this_token::sleep_for(10us);
    int sum = 0;
    for (int each : gather(std::move(children))) sum += each;
    return sum;
  };
  std::vector<token<int>> families;
  for (int i = 0; i < 20; ++i) families.push_back(submit(family, 5));
  for (auto& each : families) EXPECT_EQ(each.get(), 243);
  over = true;
  looks.join();
  EXPECT_TRUE(found.empty()) << found.front();
}

}  // namespace
}  // namespace tokengate
