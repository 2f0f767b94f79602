// Deadlines: of operations and submitted callables, in queues and in waits, handed down to children.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/wait_any.h>
#include <tokengate/tests/lanes/stopping_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::held_at;
using testing::name_of_shape;
using testing::stopping_test;
using testing::tracked;
using testing::why;
using clock = std::chrono::steady_clock;

TOKENGATE_OPERATION(void, hurried, (gate * at, tracked), timeout{200us}) { at->pass(); }
TOKENGATE_OPERATION(int, patient, (int x), timeout{24h}) { return x; }
TOKENGATE_OPERATION(clock::time_point, tells_its_deadline, (), timeout{1h}) { return this_token::deadline(); }
TOKENGATE_APPLICATION(timeout_application);

class timing_out : public stopping_test {};
INSTANTIATE_TEST_SUITE_P(on, timing_out, all_shapes(), name_of_shape);

TEST_P(timing_out, ends_a_token_that_waits) {
  gate held;
  auto by_tag = hurried(&held, tracked());
  auto submitted = submit(tags{timeout{300us}}, [&, argument = tracked()] { held.pass(); });
  const auto id = by_tag.id();
  const auto message = why<token_timed_out>(by_tag);
  EXPECT_NE(message.find("hurried"), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(id)), std::string::npos) << message;
  EXPECT_THROW(submitted.get(), token_timed_out);
  EXPECT_EQ(sum(&operation_statistics::timeouts), 2u);
  EXPECT_EQ(sum(&operation_statistics::killed), 0u);
  EXPECT_TRUE(held_at(held, 0));
}

TEST_P(timing_out, needs_nobody_who_waits) {
  gate held;
  std::atomic<int> begun{0}, unwound{0};
  constexpr int count = 20;
  for (int i = 0; i < count; ++i)
    submit(tags{timeout{20ms}}, [&, argument = tracked()] {
      const struct guard {
        ~guard() { counter->fetch_add(1); }
        std::atomic<int>* counter;
      } noted{&unwound};
      begun.fetch_add(1);
      held.pass();
    }).detach();
  EXPECT_TRUE(eventually([&] { return sum(&operation_statistics::timeouts) == count; }));
  EXPECT_TRUE(eventually([&] { return unwound == begun; }));
}

TEST_P(timing_out, ends_every_kind_of_wait) {
  gate held;
  std::vector<token<void>> tokens;
  const auto in_time = [&](auto wait) { tokens.push_back(submit(tags{timeout{1ms}}, wait)); };
  in_time([] { this_token::sleep_for(24h); });
  in_time([] { this_token::sleep_until(clock::time_point::max()); });
  in_time([&] { submit([&] { held.pass(); }).get(); });
  in_time([&] {
    static_cast<void>(submit([&] { held.pass(); }).wait_for(24h));
    this_token::yield();  // the child, which has the same deadline, may have ended first
  });
  in_time([&] { gather(submit([&] { held.pass(); }), submit([&] { held.pass(); })); });
  in_time([] {
    for (;;) this_token::yield();
  });
  in_time([&] {
    std::vector<token<void>> two;
    for (int i = 0; i < 2; ++i) two.push_back(submit([&] { held.pass(); }));
    static_cast<void>(wait_any(two));
    this_token::yield();
  });
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_timed_out);
  EXPECT_TRUE(held_at(held, 0));
}

TEST_P(timing_out, ends_a_token_that_is_queued_too_long) {
  blockade wall;
  auto busy = block_all_cores(wall);
  std::atomic<int> begun{0};
  std::vector<token<void>> queued;
  for (int i = 0; i < 10; ++i)
    queued.push_back(submit(tags{timeout{1ms}}, [&, argument = tracked()] { begun.fetch_add(1); }));
  submit(tags{timeout{1ns}}, [&, argument = tracked()] { begun.fetch_add(1); }).detach();
  // Who waits sees to the deadline, also of many at once, and although no core looks.
  EXPECT_THROW(queued[0].get(), token_timed_out);
  EXPECT_FALSE(queued[1].wait_until(clock::now()) && queued[1].state() == token_state::completed);
  queued[2].wait();
  EXPECT_EQ(queued[2].state(), token_state::timeout);
  static_cast<void>(wait_any(std::span(queued).subspan(3)));
  auto rest = std::vector<token<void>>(std::move_iterator(queued.begin() + 3), std::move_iterator(queued.end()));
  for (const auto& each : gather(return_exceptions, std::move(rest))) EXPECT_FALSE(each.has_value());
  queued[1].wait();
  wall.lift();
  for (auto& each : busy) each.get();
  EXPECT_TRUE(eventually([&] { return sum(&operation_statistics::timeouts) == 11; }));
  EXPECT_EQ(begun, 0);
}

TEST_P(timing_out, leaves_alone_what_is_in_time) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(patient(i).get(), i);
  EXPECT_EQ(submit([] { return patient(3).get() + patient(4).get_for(1h); }).get(), 7);
  std::vector<token<int>> many;
  for (int i = 0; i < 50; ++i) many.push_back(patient(i));
  EXPECT_EQ(gather(std::move(many)).size(), 50u);
  EXPECT_EQ(sum(&operation_statistics::timeouts), 0u);
}

TEST_P(timing_out, a_deadline_can_be_asked_for_and_is_inherited) {
  const auto before = clock::now();
  const auto own = tells_its_deadline().get();
  EXPECT_GE(own, before + 1h);
  EXPECT_LE(own, clock::now() + 1h);
  EXPECT_EQ(submit([] { return this_token::deadline(); }).get(), clock::time_point::max());
  EXPECT_EQ(this_token::deadline(), clock::time_point::max());
  submit(tags{timeout{30min}}, [] {
    const auto mine = this_token::deadline();
    EXPECT_EQ(submit([] { return this_token::deadline(); }).get(), mine) << "run in place";
    EXPECT_EQ(submit([] { return this_token::deadline(); }).get_for(24h), mine) << "run from its queue";
    EXPECT_EQ(tells_its_deadline().get(), mine) << "the earlier one counts";
    const auto shorter = submit(tags{timeout{1min}}, [] { return this_token::deadline(); }).get();
    EXPECT_LT(shorter, mine);
    EXPECT_EQ(submit([] { return submit([] { return this_token::deadline(); }).get(); }).get(), mine);
  }).get();
}

TEST_P(timing_out, takes_the_children_along) {
  gate held;
  std::atomic<int> went_on{0}, made{1};
  auto parent = submit(tags{timeout{2ms}}, [&] {
    made = 5;  // unless it is too late already
    std::vector<token<void>> children;
    for (int i = 0; i < 3; ++i)
      children.push_back(submit([&, argument = tracked()] {
        held.pass();
        went_on.fetch_add(1);
      }));
    submit([&, argument = tracked()] {
      held.pass();
      went_on.fetch_add(1);
    }).detach();
    gather(std::move(children));
  });
  EXPECT_THROW(parent.get(), token_timed_out);
  EXPECT_TRUE(eventually([&] {
    return sum(&operation_statistics::timeouts) + sum(&operation_statistics::killed) ==
           static_cast<std::uint64_t>(made.load());
  })) << "also the detached one, which inherited the deadline";
  EXPECT_EQ(went_on, 0);
}

TEST_P(timing_out, of_a_child_leaves_its_parent_alone) {
  gate held;
  const auto parent_sees = [&](auto wait) {
    EXPECT_EQ(submit([&, wait] {
                auto child = submit(tags{timeout{500us}}, [&] { held.pass(); });
                EXPECT_THROW(wait(child), token_timed_out);
                EXPECT_FALSE(this_token::stop_requested());
                this_token::yield();
                return 3;
              }).get(),
              3);
  };
  parent_sees([](token<void>& child) { child.get(); });
  parent_sees([](token<void>& child) { child.get_for(24h); });
  parent_sees([](token<void>& child) { gather(std::move(child), submit([] {})); });
  EXPECT_EQ(sum(&operation_statistics::timeouts), 3u);
}

TEST_P(timing_out, is_seen_by_who_computes_and_who_then_ends_by_itself_is_completed) {
  auto computes = submit(tags{timeout{100us}}, [] {
    while (!this_token::stop_requested()) {
    }
    return 4;
  });
  computes.wait();
  if (computes.state() == token_state::timeout) {  // it was queued that long
    EXPECT_THROW(computes.get(), token_timed_out);
  } else {
    EXPECT_EQ(computes.get(), 4);
  }
}

TEST_P(timing_out, does_not_end_what_a_shield_protects) {
  gate held;
  std::atomic<bool> through{false}, begun{false};
  auto token = submit(tags{timeout{5ms}}, [&] {
    begun = true;
    const this_token::shield safe;
    held.pass();
    through = true;
  });
  static_cast<void>(token.wait_for(6ms));
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1 || token.state() == token_state::timeout; }));
  held.open();
  token.wait();
  EXPECT_EQ(through, begun);
  EXPECT_EQ(token.state(), begun ? token_state::completed : token_state::timeout);
}

TEST_P(timing_out, a_wait_that_gives_up_before_the_deadline_leaves_the_token_as_it_is) {
  gate held;
  auto token = submit(tags{timeout{24h}}, [&] {
    held.pass();
    return 2;
  });
  EXPECT_THROW(token.get_for(1us), wait_timed_out);
  submit([&] { EXPECT_THROW(token.get_for(1us), wait_timed_out); }).get();
  EXPECT_TRUE(held_at(held));
  held.open();
  EXPECT_EQ(token.get(), 2);
}

TEST_P(timing_out, a_kill_that_came_first_is_what_is_told) {
  gate held;
  auto token = submit(tags{timeout{24h}}, [&] { held.pass(); });
  EXPECT_TRUE(token.kill("sooner"));
  EXPECT_NE(why<token_killed>(token).find("sooner"), std::string::npos);
  EXPECT_EQ(sum(&operation_statistics::timeouts), 0u);
}

TEST_P(timing_out, many_deadlines_and_waits_race) {
  gate held;
  for (int round = 0; round < 10; ++round) {
    std::vector<token<int>> tokens;
    for (int i = 0; i < 40; ++i)
      tokens.push_back(submit(tags{timeout{std::chrono::microseconds(20 + 13 * i)}}, [&, i] {
        if (i % 4 == 0) held.pass();
        if (i % 4 == 1) this_token::sleep_for(std::chrono::microseconds(13 * i));
        if (i % 4 == 2)
          return submit([i] {
                   this_token::sleep_for(std::chrono::microseconds(13 * i));
                   return i;
                 })
              .get();
        return i;
      }));
    std::jthread other([&] {
      for (int i = 0; i < 40; i += 2) tokens[static_cast<std::size_t>(i)].wait();
    });
    for (int i = 1; i < 40; i += 2) tokens[static_cast<std::size_t>(i)].wait();
    other.join();
    for (int i = 0; i < 40; ++i) {
      auto& each = tokens[static_cast<std::size_t>(i)];
      ASSERT_TRUE(each.state() == token_state::completed || each.state() == token_state::timeout)
          << to_string(each.state());
      if (each.state() == token_state::completed)
        EXPECT_EQ(each.get(), i);
      else
        EXPECT_THROW(each.get(), token_timed_out);
    }
  }
}

}  // namespace
}  // namespace tokengate
