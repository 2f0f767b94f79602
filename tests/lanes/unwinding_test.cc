// What the code of a killed token sees: an exception at every suspension point, children that end with it, shields.
#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/stopping_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::eventually;
using testing::gate;
using testing::held_at;
using testing::name_of_shape;
using testing::stopping_test;
using testing::tracked;
using testing::why;

class unwinding : public stopping_test {};
INSTANTIATE_TEST_SUITE_P(on, unwinding, all_shapes(), name_of_shape);

TEST_P(unwinding, goes_through_handlers_of_std_exception) {
  gate held;
  std::atomic<bool> swallowed{false}, unwound{false};
  auto token = submit([&] {
    const struct guard {
      ~guard() { *flag = true; }
      std::atomic<bool>* flag;
    } noted{&unwound};
    try {
      held.pass();
    } catch (const std::exception&) {
      swallowed = true;
    }
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(token.kill());
  EXPECT_THROW(token.get(), token_killed);
  EXPECT_FALSE(swallowed);
  EXPECT_TRUE(unwound);
}

TEST_P(unwinding, comes_again_at_each_suspension_point_for_who_swallows_it) {
  gate held;
  std::atomic<int> thrown{0}, got_through{0};
  const auto attempt = [&](auto wait) {
    try {
      wait();
      got_through.fetch_add(1);
    } catch (...) {
      thrown.fetch_add(1);
    }
  };
  auto token = submit([&] {
    attempt([&] { held.pass(); });
    attempt([&] { held.pass(); });
    attempt([] { this_token::sleep_for(24h); });
    attempt([] { this_token::yield(); });
    attempt([&] { submit([&] { held.pass(); }).get(); });
    attempt([&] { static_cast<void>(submit([&] { held.pass(); }).wait_for(24h)); });
    attempt([&] { gather(submit([&] { held.pass(); }), submit([&] { held.pass(); })); });
    return 5;
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(token.kill());
  EXPECT_EQ(token.get(), 5) << "it ended by itself after all";
  EXPECT_EQ(thrown, 7);
  EXPECT_EQ(got_through, 0);
  EXPECT_TRUE(held_at(held, 0));
}

TEST_P(unwinding, does_not_come_while_an_exception_is_under_way) {
  gate held, cleanup;
  std::atomic<bool> cleaned{false};
  auto token = submit([&] {
    const struct waits_when_destroyed {
      ~waits_when_destroyed() {
        at->pass();
        submit([] { this_token::yield(); }).get();
        done->store(true);
      }
      gate* at;
      std::atomic<bool>* done;
    } last_will{&cleanup, &cleaned};
    held.pass();
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(token.kill());
  EXPECT_TRUE(held_at(cleanup));
  EXPECT_EQ(token.state(), token_state::executing);
  cleanup.open();
  EXPECT_THROW(token.get(), token_killed);
  EXPECT_TRUE(cleaned);
}

TEST_P(unwinding, kills_children_whose_handles_go_and_leaves_detached_ones) {
  gate held, parent_waits;
  std::atomic<int> went_on{0};
  auto parent = submit([&] {
    std::vector<token<void>> children;
    for (int i = 0; i < 5; ++i)
      children.push_back(submit([&, argument = tracked()] {
        held.pass();
        went_on.fetch_add(1);
      }));
    for (int i = 0; i < 3; ++i)
      submit([&, argument = tracked()] {
        held.pass();
        went_on.fetch_add(1);
      }).detach();
    parent_waits.pass();
  });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 8 && parent_waits.waiting() == 1; }));
  EXPECT_TRUE(parent.kill());
  EXPECT_THROW(parent.get(), token_killed);
  EXPECT_TRUE(held_at(held, 3));
  EXPECT_TRUE(eventually([&] { return sum(&operation_statistics::killed) == 6; }));
  held.open();
  EXPECT_TRUE(eventually([&] { return went_on == 3; }));
}

TEST_P(unwinding, children_are_told_whose_end_they_share) {
  gate held;
  auto parent = submit([&] { submit([&] { held.pass(); }).get(); });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(parent.kill("a whole family"));
  EXPECT_NE(why<token_killed>(parent).find("a whole family"), std::string::npos);
  EXPECT_EQ(sum(&operation_statistics::killed), 2u);
}

TEST_P(unwinding, a_parent_may_outlive_its_killed_child) {
  gate held;
  std::atomic<std::uint64_t> child_id{0};
  auto parent = submit([&] {
    auto child = submit([&] {
      child_id = this_token::id();
      held.pass();
    });
    const auto message = why<token_killed>(child);
    EXPECT_FALSE(this_token::stop_requested());
    this_token::yield();
    return message;
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(running().kill(child_id, "only the child"));
  const auto message = parent.get();
  EXPECT_NE(message.find("only the child"), std::string::npos) << message;
  EXPECT_EQ(sum(&operation_statistics::killed), 1u);
}

TEST_P(unwinding, a_queued_child_ends_as_soon_as_its_core_looks) {
  std::atomic<bool> begun{false};
  auto parent = submit([&] {
    auto child = submit([&] { begun = true; });
    EXPECT_TRUE(child.kill("changed my mind"));
    // A timed wait never runs the child in place.
    try {
      child.get_for(24h);
      return std::string("it ran");
    } catch (const token_killed& error) {
      return std::string(error.what());
    }
  });
  const auto message = parent.get();
  if (!begun) {
    EXPECT_NE(message.find("changed my mind"), std::string::npos) << message;
  }
}

TEST_P(unwinding, waits_until_a_shield_ends) {
  gate held;
  std::atomic<bool> shielded_to_the_end{false}, went_on{false};
  auto token = submit([&] {
    {
      const this_token::shield safe;
      held.pass();
      EXPECT_TRUE(this_token::stop_requested()) << "it may know";
      this_token::sleep_for(1ns);
      this_token::yield();
      shielded_to_the_end = true;
    }
    this_token::sleep_for(1ns);
    went_on = true;
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(token.kill());
  EXPECT_EQ(submit([] { return 1; }).get(), 1);
  EXPECT_EQ(held.waiting(), 1u);
  EXPECT_EQ(token.state(), token_state::executing);
  held.open();
  EXPECT_THROW(token.get(), token_killed);
  EXPECT_TRUE(shielded_to_the_end);
  EXPECT_FALSE(went_on);
}

TEST_P(unwinding, what_a_shielded_token_waits_for_goes_on) {
  gate held;
  std::atomic<int> result{0}, later{0};
  auto token = submit([&] {
    {
      const this_token::shield safe;
      result = submit([&] {
                 held.pass();
                 return 3;
               }).get();
      later = submit([] {
                this_token::yield();
                return 4;
              }).get();
    }
    this_token::sleep_for(24h);
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(token.kill());
  EXPECT_EQ(submit([] { return 1; }).get(), 1);
  EXPECT_EQ(held.waiting(), 1u) << "the child was not asked to stop";
  held.open();
  EXPECT_THROW(token.get(), token_killed);
  EXPECT_EQ(result, 3);
  EXPECT_EQ(later, 4) << "also a child made after the kill";
}

TEST_P(unwinding, arguments_of_an_ended_token_may_wait_in_their_destructors) {
  gate held, cleanup;
  struct waits_when_destroyed {
    explicit waits_when_destroyed(gate& at) : at_(&at) {}
    waits_when_destroyed(waits_when_destroyed&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    ~waits_when_destroyed() {
      if (at_ != nullptr) at_->pass();
    }
    gate* at_;
  };
  auto token = submit([&held, argument = waits_when_destroyed(cleanup)] { held.pass(); });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(token.kill());
  EXPECT_TRUE(held_at(cleanup));
  cleanup.open();
  EXPECT_THROW(token.get(), token_killed);
}

TEST_P(unwinding, a_deep_chain_of_waiting_tokens_ends_as_a_whole) {
  gate held;
  constexpr int depth = 40;
  struct chain {
    static int go(int left, gate* at) {
      if (left != 0) return submit(go, left - 1, at).get() + 1;
      at->pass();
      return 0;
    }
  };
  auto top = submit(chain::go, depth, &held);
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(top.kill());
  EXPECT_THROW(top.get(), token_killed);
  EXPECT_TRUE(eventually([&] { return sum(&operation_statistics::killed) == depth + 1; }));
}

TEST_P(unwinding, the_kill_of_an_inner_token_leaves_the_outer_ones_alone) {
  gate held;
  std::atomic<std::uint64_t> inner{0};
  auto top = submit([&] {
    auto middle = submit([&] {
      auto innermost = submit([&] {
        inner = this_token::id();
        held.pass();
      });
      EXPECT_THROW(innermost.get(), token_killed);
      return 2;
    });
    return middle.get();
  });
  EXPECT_TRUE(held_at(held));
  EXPECT_TRUE(running().kill(inner));
  EXPECT_EQ(top.get(), 2);
  EXPECT_EQ(sum(&operation_statistics::killed), 1u);
}

}  // namespace
}  // namespace tokengate
