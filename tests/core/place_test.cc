#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/node.h>
#include <tokengate/core/place.h>

namespace tokengate::detail {
namespace {

struct test_place final : place {
  void note_ended_outside(const node&, token_state) noexcept override {}
  void attend() noexcept override {}
  void submit(node&, std::uint64_t) override {}
};

/// Names a place for this thread, as coordinator::scope does.
class scope {
 public:
  explicit scope(place& meant) : previous_(place::exchange_scope(&meant)) {}
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;
  ~scope() { place::exchange_scope(previous_); }

 private:
  place* previous_;
};

std::string refusal() {
  try {
    static_cast<void>(place::current());
  } catch (const no_coordinator& refused) {
    return refused.what();
  }
  return "no refusal";
}

TEST(place, without_one_the_error_says_to_start_a_coordinator) {
  EXPECT_NE(refusal().find("no coordinator runs"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find("start()"), std::string::npos) << refusal();
}

TEST(place, the_only_one_is_current_on_every_thread) {
  test_place only;
  only.open();
  EXPECT_EQ(&place::current(), &only);
  std::thread([&] { EXPECT_EQ(&place::current(), &only); }).join();
  only.close();
  EXPECT_THROW(static_cast<void>(place::current()), no_coordinator);
}

TEST(place, among_several_the_error_says_to_name_one) {
  test_place first, second;
  first.open();
  second.open();
  EXPECT_NE(refusal().find("several"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find("coordinator::scope"), std::string::npos) << refusal();
  first.close();
  EXPECT_EQ(&place::current(), &second) << "one is left";
  second.close();
}

TEST(place, a_scope_names_one_for_its_thread_only) {
  test_place first, second;
  first.open();
  second.open();
  const scope mine(second);
  EXPECT_EQ(&place::current(), &second);
  std::thread([&] {
    EXPECT_THROW(static_cast<void>(place::current()), no_coordinator);
    const scope theirs(first);
    EXPECT_EQ(&place::current(), &first);
  }).join();
  EXPECT_EQ(&place::current(), &second);
  first.close();
  second.close();
}

TEST(place, scopes_nest_and_beat_the_only_one) {
  test_place open_one, outer, inner;
  open_one.open();
  {
    const scope named(outer);
    EXPECT_EQ(&place::current(), &outer);
    {
      const scope nested(inner);
      EXPECT_EQ(&place::current(), &inner);
    }
    EXPECT_EQ(&place::current(), &outer);
  }
  EXPECT_EQ(&place::current(), &open_one);
  open_one.close();
}

/// Keeps whoever submits inside until it is let go.
struct held_place final : place {
  std::atomic<bool> entered{false}, may_leave{false};
  void note_ended_outside(const node&, token_state) noexcept override {}
  void attend() noexcept override {}
  void submit(node&, std::uint64_t) override {
    entered = true;
    entered.notify_all();
    may_leave.wait(false);
  }
};

TEST(place, waits_until_those_inside_have_left_and_for_nobody_else) {
  held_place first, second;
  const auto submit_to = [](held_place& meant) {
    return std::thread([&meant] {
      const scope named(meant);
      alignas(node) std::byte only_told_its_realm[sizeof(node)];
      place::submit_from_outside(*reinterpret_cast<node*>(only_told_its_realm), 1);
    });
  };
  auto to_first = submit_to(first), to_second = submit_to(second);
  first.entered.wait(false);
  second.entered.wait(false);
  std::atomic<bool> left{false};
  std::thread waiting([&] {
    first.wait_until_left();
    left = true;
    left.notify_all();
  });
  EXPECT_FALSE(left) << "a thread is inside";
  first.may_leave = true;
  first.may_leave.notify_all();
  left.wait(false);  // although the other thread is still inside the other place
  EXPECT_FALSE(second.may_leave);
  second.may_leave = true;
  second.may_leave.notify_all();
  for (auto* each : {&to_first, &to_second, &waiting}) each->join();
  second.wait_until_left();
}

}  // namespace
}  // namespace tokengate::detail
