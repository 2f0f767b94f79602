// The rule by which convergence decides: windows in, the number of workers out.
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/histogram.h>
#include <tokengate/lanes/convergence.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using lanes::convergence_rule;
using enum convergence_verdict;

constexpr convergence_rule::bounds usual{.min = 2, .start = 4, .max = 16, .long_wait = 100ms};

/// A second in which tokens waited long for a worker.
convergence_window pressed() {
  return {.length = 1s,
          .queued_before = 10,
          .queued = 10,
          .begun = 20,
          .ended = 20,
          .measured = 20,
          .queue_wait = 500ms,
          .utilisation = 1,
          .full = true,
          .held_back = true};
}

/// A second in which nobody waited and not all workers were needed.
convergence_window relaxed() {
  return {.length = 1s, .begun = 1000, .ended = 1000, .measured = 16, .queue_wait = 1us, .utilisation = 0.3};
}

convergence_verdict verdict_on(const convergence_window& window) {
  convergence_rule rule(usual);
  rule.look(window);
  return rule.verdict();
}

template <class Change>
convergence_window with(convergence_window window, Change change) {
  change(window);
  return window;
}

TEST(convergence_rule, judges_a_window_by_waits_limit_and_utilisation) {
  struct row {
    const char* what;
    convergence_window window;
    convergence_verdict verdict;
  };
  using window = convergence_window;
  const row table[] = {
      {"long waits and all workers busy", pressed(), too_few},
      {"nothing at all", window{.length = 1s}, spare},
      {"no waits", relaxed(), spare},
      {"no long waits, all workers busy", with(pressed(), [](window& w) { w.queue_wait = 1ms, w.queued = 0; }), in_use},
      {"long waits that end, an empty queue", with(pressed(), [](window& w) { w.queued = 0; }), too_few},
      {"short waits so far, a long queue", with(pressed(), [](window& w) { w.queue_wait = 1ms; }), too_few},
      {"no long waits, and one token all the time",
       with(relaxed(), [](window& w) { w.queue_wait = 0s, w.begun = w.ended = 0, w.utilisation = 1; }), in_use},
      {"a queue that is short for its speed", with(pressed(), [](window& w) { w.queue_wait = 1ms, w.begun = 10'000; }),
       in_use},
      {"tokens that never yield: no further worker would help",
       with(pressed(), [](window& w) { w.full = w.held_back = false; }), elsewhere},
      {"what waits long was never kept back", with(pressed(), [](window& w) { w.held_back = false; }), elsewhere},
      {"a short burst", with(pressed(), [](window& w) { w.utilisation = 0.4; }), brief},
      {"waits without a sample, nothing moves",
       with(pressed(), [](window& w) { w.queue_wait = 0s, w.measured = 0, w.begun = w.ended = 0; }), too_few},
      {"only children are queued, and nothing ends",
       with(pressed(), [](window& w) { w.queue_wait = 0s, w.queued = w.queued_before = w.begun = w.ended = 0; }),
       too_few},
      {"a wait beyond any bound", with(pressed(), [](window& w) { w.queue_wait = std::chrono::nanoseconds::max(); }),
       too_few},
      {"more than can be counted",
       with(pressed(), [](window& w) { w.queued = std::numeric_limits<std::size_t>::max(), w.begun = 1; }), too_few},
  };
  for (const auto& each : table) EXPECT_EQ(to_string(verdict_on(each.window)), to_string(each.verdict)) << each.what;
}

TEST(convergence_rule, takes_two_votes_for_more_and_four_for_fewer) {
  convergence_rule rule(usual);
  EXPECT_EQ(rule.look(pressed()), 4u);
  EXPECT_EQ(rule.look(pressed()), 6u);
  EXPECT_EQ(rule.look(pressed()), 6u);
  EXPECT_EQ(rule.look(relaxed()), 6u);
  EXPECT_EQ(rule.look(pressed()), 6u) << "the pressure had ended";
  const auto unseen = with(pressed(), [](convergence_window& w) { w.full = w.held_back = false; });
  EXPECT_EQ(rule.look(unseen), 6u);
  EXPECT_EQ(rule.look(pressed()), 9u) << "the pressure had not ended";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rule.look(relaxed()), 9u);
  EXPECT_EQ(rule.look(relaxed()), 8u);
}

TEST(convergence_rule, stays_within_its_bounds) {
  convergence_rule rule(usual);
  for (int i = 0; i < 50; ++i) EXPECT_LE(rule.look(pressed()), 16u);
  EXPECT_EQ(rule.workers(), 16u);
  for (int i = 0; i < 100; ++i) EXPECT_GE(rule.look(relaxed()), 2u);
  EXPECT_EQ(rule.workers(), 2u);
  convergence_rule fixed({.min = 1, .start = 1, .max = 1, .long_wait = 100ms});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(fixed.look(pressed()), 1u);
  constexpr auto most = std::numeric_limits<unsigned>::max();
  convergence_rule large({.min = 1, .start = most - 1, .max = most, .long_wait = 100ms});
  for (int i = 0; i < 4; ++i) large.look(pressed());
  EXPECT_EQ(large.workers(), most);
}

TEST(convergence_rule, more_pressure_never_means_fewer_workers) {
  std::mt19937_64 random(7);
  const auto draw = [&](std::uint64_t bound) { return random() % bound; };
  for (int run = 0; run < 2000; ++run) {
    convergence_rule less(usual), more(usual);
    for (int i = 0; i < 60; ++i) {
      auto window = draw(2) == 0 ? relaxed() : pressed();
      if (draw(3) == 0) window.queued = window.queued_before = draw(50);
      if (draw(3) == 0) window.begun = draw(50);
      if (draw(3) == 0) window.ended = draw(50);
      if (draw(3) == 0) window.utilisation = static_cast<double>(draw(100)) / 100;
      if (draw(3) == 0) window.queue_wait = std::chrono::nanoseconds(std::uint64_t{1} << draw(40));
      less.look(window);
      if (draw(2) == 0) window.queue_wait *= 8;
      if (draw(2) == 0) window.queued += draw(100), window.queued_before += draw(100);
      if (draw(2) == 0) window.begun /= 2;
      if (draw(4) == 0) window.begun = window.ended = 0;
      if (draw(2) == 0) window.utilisation = 1;
      if (draw(2) == 0) window.full = true;
      if (draw(4) == 0) window.full = window.held_back = true;
      ASSERT_GE(more.look(window), less.workers()) << "run " << run << ", window " << i;
    }
  }
}

TEST(convergence_rule, forgets_a_bad_phase) {
  convergence_rule rule(usual);
  for (int i = 0; i < 100; ++i) rule.look(with(pressed(), [](convergence_window& w) { w.begun = w.ended = 0; }));
  EXPECT_EQ(rule.workers(), 16u);
  EXPECT_GE(rule.waits(), 100s) << "nothing moved for all that time";
  rule.look(relaxed());
  EXPECT_EQ(rule.verdict(), spare);
  EXPECT_EQ(rule.waits(), 1us);
  for (int i = 0; i < 4 * 14 - 1; ++i) rule.look(relaxed());
  EXPECT_EQ(rule.workers(), 2u);
}

TEST(convergence_rule, windows_that_are_shorter_than_a_long_wait_add_up) {
  convergence_rule rule(usual);
  const auto still = with(pressed(), [](convergence_window& w) {
    w.length = 1ms, w.queue_wait = 0s, w.queued = w.queued_before = 1, w.begun = w.ended = 0;
  });
  for (int i = 0; i < 100; ++i) rule.look(still);
  EXPECT_EQ(rule.workers(), 4u);
  EXPECT_EQ(rule.waits(), 100ms);
  for (int i = 0; i < 2; ++i) rule.look(still);
  EXPECT_EQ(rule.workers(), 6u);
}

TEST(convergence_window, holds_what_came_since_the_last_one) {
  detail::histogram waits;
  detail::histogram::total first, second, third;
  for (int i = 0; i < 1000; ++i) waits.add(std::numeric_limits<std::uint64_t>::max() - 5);  // the last bucket of all
  first.add(waits);
  EXPECT_GE(first.since({}).percentile(0.95), std::numeric_limits<std::uint64_t>::max() - 5);
  for (int i = 0; i < 10; ++i) waits.add(100);
  second.add(waits);
  const auto good = second.since(first);
  EXPECT_EQ(good.count(), 10u);
  EXPECT_GE(good.percentile(0.95), 100u);
  EXPECT_LE(good.percentile(0.95), 113u) << "the bad phase is over";
  EXPECT_LE(good.max(), 113u);
  third.add(waits);
  EXPECT_EQ(third.since(second).count(), 0u);
  EXPECT_EQ(third.since(second).percentile(0.95), 0u);
}

}  // namespace
}  // namespace tokengate
