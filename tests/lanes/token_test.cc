// Results, arguments and exceptions of tokens, and what a handle may be asked.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/submit.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::gate;
using testing::runtime_test;
using testing::tracked;

class token_results : public runtime_test {
 protected:
  token_results() { start(small(2, 2, 16)); }
};

TEST_F(token_results, a_value_arrives_and_empties_the_token) {
  auto sum = submit([](int a, int b) { return a + b; }, 2, 3);
  EXPECT_TRUE(sum.valid());
  EXPECT_NE(sum.id(), 0u);
  EXPECT_EQ(sum.get(), 5);
  EXPECT_FALSE(sum.valid());
}

TEST_F(token_results, void_is_a_result) {
  int called = 0;
  auto done = submit([&] { ++called; });
  static_assert(std::is_void_v<decltype(done.get())>);
  done.get();
  EXPECT_EQ(called, 1);
}

TEST_F(token_results, a_reference_stays_the_object_it_refers_to) {
  std::string text = "original";
  auto same = submit([](std::string& shared) -> std::string& { return shared; }, std::ref(text));
  std::string& got = same.get();
  EXPECT_EQ(&got, &text);
  auto moved = submit([&text]() -> std::string&& { return std::move(text); });
  const std::string taken = moved.get();
  EXPECT_EQ(taken, "original");
}

TEST_F(token_results, results_and_arguments_may_be_movable_only) {
  auto pointer = std::make_unique<int>(42);
  const int* const address = pointer.get();
  auto passed = submit([](std::unique_ptr<int> given) { return given; }, std::move(pointer));
  EXPECT_EQ(passed.get().get(), address) << "moved in and out, the same object";
}

TEST_F(token_results, a_callable_may_be_movable_only_and_is_called_once) {
  auto owned = std::make_unique<int>(7);
  EXPECT_EQ(submit([owned = std::move(owned)] { return *owned; }).get(), 7);
}

TEST_F(token_results, arguments_are_kept_by_value) {
  std::string text = "before";
  gate held;
  auto copy = submit(
      [&held](const std::string& kept) {
        held.pass();
        return kept;
      },
      text);
  text = "after";
  held.open();
  EXPECT_EQ(copy.get(), "before");
}

TEST_F(token_results, large_and_overaligned_values_fit) {
  struct alignas(64) big {
    char bytes[4096];
  };
  big sent{};
  sent.bytes[4095] = 'x';
  auto returned = submit([](const big& got) { return got; }, sent);
  const big result = returned.get();
  EXPECT_EQ(result.bytes[4095], 'x');
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&result) % 64, 0u);
}

TEST_F(token_results, arguments_keep_an_alignment_beyond_a_cache_line) {
  struct alignas(256) wide {
    char byte = 'x';
  };
  std::vector<token<std::uintptr_t>> addresses;
  for (int i = 0; i < 8; ++i)
    addresses.push_back(submit([](const wide& kept) { return reinterpret_cast<std::uintptr_t>(&kept); }, wide{}));
  for (auto& address : addresses) EXPECT_EQ(address.get() % 256, 0u);
}

TEST_F(token_results, a_container_of_tokens_is_a_result) {
  auto tokens = submit([] {
    std::vector<token<int>> all;
    for (int i = 0; i < 3; ++i) all.push_back(submit([i] { return i; }));
    return all;
  });
  int sum = 0;
  for (auto& each : tokens.get()) sum += each.get();
  EXPECT_EQ(sum, 3);
}

TEST_F(token_results, exceptions_arrive_as_they_were_thrown) {
  struct custom {
    int code;
  };
  auto standard = submit([]() -> int { throw std::out_of_range("too far"); });
  try {
    standard.get();
    FAIL();
  } catch (const std::out_of_range& thrown) {
    EXPECT_STREQ(thrown.what(), "too far");
  }
  EXPECT_FALSE(standard.valid()) << "asked is asked";
  auto other = submit([] { throw custom{17}; });
  try {
    other.get();
    FAIL();
  } catch (const custom& thrown) {
    EXPECT_EQ(thrown.code, 17);
  }
}

TEST_F(token_results, an_exception_passes_through_nested_tokens) {
  auto outer = submit([] { return submit([]() -> int { throw std::runtime_error("deep"); }).get() + 1; });
  EXPECT_THROW(outer.get(), std::runtime_error);
}

TEST_F(token_results, arguments_end_with_the_run_and_the_result_with_the_handle) {
  ASSERT_EQ(tracked::live(), 0);
  auto kept = submit([](const tracked& given) { return tracked(given.value + 1); }, tracked(1));
  kept.wait();
  EXPECT_EQ(tracked::live(), 1) << "only the result is left";
  {
    const tracked result = kept.get();
    EXPECT_EQ(result.value, 2);
    EXPECT_EQ(tracked::live(), 1);
  }
  EXPECT_EQ(tracked::live(), 0);

  auto dropped = submit([] { return tracked(); });
  dropped.wait();
  EXPECT_EQ(tracked::live(), 1);
  dropped.detach();
  EXPECT_TRUE(eventually([] { return tracked::live() == 0; }));
}

TEST_F(token_results, an_exception_object_ends_with_the_handle) {
  auto failed = submit([] { throw tracked(); });
  failed.wait();
  EXPECT_EQ(tracked::live(), 1);
  EXPECT_THROW(failed.get(), tracked);
  EXPECT_EQ(tracked::live(), 0);
}

TEST_F(token_results, an_argument_that_cannot_be_copied_submits_nothing) {
  struct refuses {
    refuses() = default;
    refuses(const refuses&) { throw std::runtime_error("no copy"); }
  };
  const refuses original;
  const auto before = ended();
  EXPECT_THROW(static_cast<void>(submit([](const refuses&) {}, original)), std::runtime_error);
  EXPECT_THROW(submit([&] { submit([](const refuses&) {}, original).get(); }).get(), std::runtime_error);
  EXPECT_TRUE(eventually([&] { return ended() == before + 1; }));
}

class token_handles : public token_results {};

TEST_F(token_handles, states_follow_the_life_of_the_token) {
  gate held;
  auto waits = submit([&] { held.pass(); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  EXPECT_EQ(waits.state(), token_state::executing);
  held.open();
  waits.wait();
  EXPECT_EQ(waits.state(), token_state::completed);
  waits.get();
  auto failed = submit([] { throw 1; });
  failed.wait();
  EXPECT_EQ(failed.state(), token_state::failed);
  EXPECT_THROW(failed.get(), int);
}

TEST_F(token_handles, ids_are_unique_and_never_zero) {
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 1000; ++i) {
    auto each = submit([] {});
    ++seen[each.id()];
    each.get();
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_FALSE(seen.contains(0));
}

TEST_F(token_handles, timed_waits_give_up_and_leave_the_token_as_it_was) {
  gate held;
  auto late = submit([&] {
    held.pass();
    return 5;
  });
  EXPECT_FALSE(late.wait_for(1ms));
  EXPECT_FALSE(late.wait_until(std::chrono::steady_clock::now() - 1s));
  try {
    late.get_for(1ms);
    FAIL();
  } catch (const wait_timed_out& thrown) {
    const std::string what = thrown.what();
    EXPECT_NE(what.find(std::to_string(late.id())), std::string::npos) << what;
    EXPECT_NE(what.find("submit"), std::string::npos) << what;
  }
  EXPECT_TRUE(late.valid());
  held.open();
  EXPECT_TRUE(late.wait_for(1h));
  EXPECT_TRUE(late.wait_for(std::chrono::nanoseconds::max()));
  EXPECT_EQ(late.get_for(0ns), 5) << "it has ended: no time is needed";
}

TEST_F(token_handles, timed_waits_inside_a_token_give_up_too) {
  gate held;
  auto late = submit([&] {
    held.pass();
    return 5;
  });
  auto asks = submit([&late] {
    EXPECT_FALSE(late.wait_for(1ms));
    EXPECT_THROW(late.get_for(1ms), wait_timed_out);
    return late.get();
  });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 1; }));
  EXPECT_FALSE(asks.wait_for(20ms));
  held.open();
  EXPECT_EQ(asks.get(), 5);
}

TEST_F(token_handles, waiting_again_for_a_token_that_has_ended_returns_at_once) {
  auto done = submit([] { return 1; });
  for (int i = 0; i < 3; ++i) done.wait();
  EXPECT_TRUE(done.wait_for(0ns));
  EXPECT_EQ(done.get(), 1);
}

TEST_F(token_handles, moving_and_swapping_pass_the_token_on) {
  auto first = submit([] { return 1; });
  auto second = submit([] { return 2; });
  const auto id = first.id();
  first.swap(second);
  EXPECT_EQ(second.id(), id);
  token<int> third = std::move(second);
  EXPECT_FALSE(second.valid());  // NOLINT: moved-from tokens are empty
  first = std::move(third);      // the token it held is detached
  EXPECT_EQ(first.get(), 1);
}

TEST_F(token_handles, an_empty_token_refuses_every_question) {
  token<int> empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_THROW(empty.get(), misuse);
  EXPECT_THROW(empty.get_for(1s), misuse);
  EXPECT_THROW(empty.wait(), misuse);
  EXPECT_THROW(static_cast<void>(empty.wait_for(1s)), misuse);
  EXPECT_THROW(static_cast<void>(empty.id()), misuse);
  EXPECT_THROW(static_cast<void>(empty.state()), misuse);
  EXPECT_THROW(empty.detach(), misuse);
  auto taken = submit([] {});
  taken.get();
  try {
    taken.get();
    FAIL();
  } catch (const misuse& refused) {
    EXPECT_NE(std::string(refused.what()).find("empty"), std::string::npos) << refused.what();
  }
}

TEST_F(token_handles, a_detached_token_runs_on) {
  gate held;
  std::atomic<bool> ran{false};
  auto detached = submit([&] {
    held.pass();
    ran = true;
  });
  detached.detach();
  EXPECT_FALSE(detached.valid());
  static_cast<void>(submit([&] { held.pass(); }));  // so does one whose handle simply goes
  EXPECT_TRUE(eventually([&] { return held.waiting() == 2; }));
  held.open();
  EXPECT_TRUE(eventually([&] { return ran.load(); }));
}

TEST_F(token_handles, a_failure_nobody_asks_for_is_counted_however_the_handle_goes) {
  const auto before = unobserved_failures();
  submit([] { throw 1; }).detach();
  {
    const auto dropped = submit([] { throw 2; });
  }
  {
    const auto waited = submit([] { throw 3; });
    waited.wait();
  }
  expected_unobserved = 3;
  EXPECT_TRUE(eventually([&] { return unobserved_failures() - before == 3; }));
  EXPECT_THROW(submit([] { throw 4; }).get(), int);
}

TEST_F(token_handles, a_dropped_result_may_make_tokens_when_it_ends) {
  struct maker {
    explicit maker(std::atomic<int>& counted) : runs(&counted) {}
    maker(maker&& other) noexcept : runs(std::exchange(other.runs, nullptr)) {}
    ~maker() {
      if (runs != nullptr) submit([runs = runs] { runs->fetch_add(1); }).detach();
    }
    std::atomic<int>* runs;
  };
  std::atomic<int> runs{0};
  for (int i = 0; i < 20; ++i) submit([&runs] { return maker(runs); }).detach();
  EXPECT_TRUE(eventually([&] { return runs == 20; }));
}

TEST(token_after_its_coordinator, still_gives_its_result) {
  token<std::string> text;
  token<int> failed;
  {
    coordinator short_lived;
    short_lived.start();
    text = submit([] { return std::string(100, 'x'); });
    failed = submit([]() -> int { throw std::runtime_error("kept"); });
  }
  EXPECT_EQ(text.state(), token_state::completed);
  EXPECT_TRUE(text.wait_for(0ns));
  EXPECT_EQ(text.get(), std::string(100, 'x'));
  EXPECT_THROW(failed.get(), std::runtime_error);
}

}  // namespace
}  // namespace tokengate
