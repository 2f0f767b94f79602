#include <array>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using testing::gate;
using testing::runtime_test;
using testing::tracked;

token<int> later(int value) {
  return submit([value] { return value; });
}
token<int> failing(int code) {
  return submit([code]() -> int { throw std::runtime_error("code " + std::to_string(code)); });
}

/// Runs every test in a thread and inside a token: they wait in different ways.
class gathering : public runtime_test, public ::testing::WithParamInterface<bool> {
 protected:
  gathering() { start(small(2, 2, 16)); }

  template <class Body>
  void run(Body body) {
    if (GetParam())
      submit(std::ref(body)).get();
    else
      body();
  }
};
INSTANTIATE_TEST_SUITE_P(in, gathering, ::testing::Bool(),
                         [](const auto& inside) { return inside.param ? "a_token" : "a_thread"; });

TEST_P(gathering, a_tuple_keeps_types_and_order) {
  run([] {
    auto [number, text, nothing, pointer] = gather(later(1), submit([] { return std::string("two"); }), submit([] {}),
                                                   submit([] { return std::make_unique<int>(4); }));
    EXPECT_EQ(number, 1);
    EXPECT_EQ(text, "two");
    static_assert(std::is_same_v<decltype(nothing), std::monostate>);
    EXPECT_EQ(*pointer, 4);
  });
}

TEST_P(gathering, a_tuple_keeps_references) {
  run([] {
    int shared = 5;
    const auto results = gather(submit([&shared]() -> int& { return shared; }), later(2));
    EXPECT_EQ(&std::get<0>(results), &shared);
  });
}

TEST_P(gathering, a_vector_keeps_the_order) {
  run([] {
    std::vector<token<int>> tokens;
    for (int i = 0; i < 1000; ++i) tokens.push_back(later(i));
    const std::vector<int> results = gather(std::move(tokens));
    ASSERT_EQ(results.size(), 1000u);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(results[static_cast<std::size_t>(i)], i);
  });
}

TEST_P(gathering, any_range_of_tokens_will_do) {
  run([] {
    std::list<token<int>> list;
    for (int i = 0; i < 10; ++i) list.push_back(later(i));
    EXPECT_EQ(gather(list), (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    for (const auto& each : list) EXPECT_FALSE(each.valid()) << "gather consumes them";
    std::array<token<int>, 2> array{later(1), later(2)};
    EXPECT_EQ(gather(array), (std::vector{1, 2}));
    EXPECT_EQ(gather(std::views::iota(0, 3) | std::views::transform(later)), (std::vector{0, 1, 2}));
  });
}

TEST_P(gathering, nothing_is_gathered_at_once) {
  run([] {
    EXPECT_EQ(gather(), std::tuple<>());
    EXPECT_TRUE(gather(std::vector<token<int>>()).empty());
    gather(std::vector<token<void>>());
    EXPECT_TRUE(gather(return_exceptions, std::vector<token<int>>()).empty());
  });
}

TEST_P(gathering, tokens_without_result_are_waited_for) {
  run([] {
    std::atomic<int> ran{0};
    std::vector<token<void>> tokens;
    for (int i = 0; i < 100; ++i) tokens.push_back(submit([&] { ran.fetch_add(1); }));
    gather(std::move(tokens));
    EXPECT_EQ(ran, 100);
  });
}

/// Those that did complete are freed while the others are still run.
TEST_P(gathering, of_those_without_result_too_the_first_failure_in_order_is_thrown) {
  run([] {
    std::atomic<int> ended{0};
    std::vector<token<void>> tokens;
    for (int i = 0; i < 10; ++i)
      tokens.push_back(submit([&, i] {
        ended.fetch_add(1);
        if (i % 4 == 3) throw std::runtime_error("code " + std::to_string(i));
      }));
    try {
      gather(std::move(tokens));
      ADD_FAILURE();
    } catch (const std::runtime_error& thrown) {
      EXPECT_STREQ(thrown.what(), "code 3");
      EXPECT_EQ(ended, 10);
    }
  });
  expected_unobserved = 1;  // "code 7"
}

TEST_P(gathering, references_of_a_range_come_wrapped) {
  run([] {
    int first = 1, second = 2;
    std::vector<token<int&>> tokens;
    for (int* each : {&first, &second}) tokens.push_back(submit([each]() -> int& { return *each; }));
    const auto results = gather(std::move(tokens));
    EXPECT_EQ(&results[0].get(), &first);
    EXPECT_EQ(&results[1].get(), &second);
  });
}

TEST_P(gathering, the_first_failure_in_order_is_thrown_when_all_have_ended) {
  run([] {
    std::atomic<int> ended{0};
    const auto counted = [&] { return submit([&] { ended.fetch_add(1); }); };
    try {
      gather(counted(), failing(1), counted(), failing(2), counted());
      ADD_FAILURE();
    } catch (const std::runtime_error& thrown) {
      EXPECT_STREQ(thrown.what(), "code 1");
      EXPECT_EQ(ended, 3);
    }
    std::vector<token<int>> tokens;
    for (int i = 0; i < 10; ++i) tokens.push_back(i % 4 == 3 ? failing(i) : later(i));
    try {
      gather(std::move(tokens));
      ADD_FAILURE();
    } catch (const std::runtime_error& thrown) {
      EXPECT_STREQ(thrown.what(), "code 3");
    }
  });
  // The dropped failures were not observed: "code 2", "code 7".
  expected_unobserved = 2;
}

TEST_P(gathering, outcomes_hold_values_or_exceptions) {
  run([] {
    auto [good, bad, nothing] = gather(return_exceptions, later(1), failing(2), submit([] {}));
    EXPECT_TRUE(good.has_value());
    EXPECT_TRUE(static_cast<bool>(good));
    EXPECT_EQ(good.value(), 1);
    EXPECT_EQ(good.error(), nullptr);
    EXPECT_FALSE(bad.has_value());
    EXPECT_NE(bad.error(), nullptr);
    EXPECT_THROW(bad.value(), std::runtime_error);
    EXPECT_TRUE(nothing.has_value());
    nothing.value();

    std::vector<token<std::unique_ptr<int>>> tokens;
    for (int i = 0; i < 10; ++i)
      tokens.push_back(submit([i] { return i % 2 == 0 ? std::make_unique<int>(i) : throw std::runtime_error("odd"); }));
    auto outcomes = gather(return_exceptions, std::move(tokens));
    ASSERT_EQ(outcomes.size(), 10u);
    for (std::size_t i = 0; i < 10; ++i) {
      ASSERT_EQ(outcomes[i].has_value(), i % 2 == 0);
      if (i % 2 == 0) {
        const std::unique_ptr<int> moved = std::move(outcomes[i]).value();
        EXPECT_EQ(*moved, static_cast<int>(i));
      }
    }
  });
}

TEST_P(gathering, outcomes_of_references_refer_to_the_object) {
  run([] {
    int shared = 5;
    auto [outcome] = gather(return_exceptions, submit([&shared]() -> int& { return shared; }));
    EXPECT_EQ(&outcome.value(), &shared);
  });
}

TEST_P(gathering, an_empty_token_among_them_is_misuse_and_drops_the_others) {
  run([] {
    EXPECT_THROW(gather(later(1), token<int>()), misuse);
    std::vector<token<int>> tokens(3);
    tokens[0] = later(1);
    EXPECT_THROW(gather(std::move(tokens)), misuse);
  });
}

TEST_P(gathering, results_that_are_dropped_are_destroyed) {
  run([] {
    EXPECT_THROW(gather(submit([] { return tracked(1); }), failing(1), submit([] { return tracked(2); })),
                 std::runtime_error);
  });
  EXPECT_EQ(tracked::live(), 0);
}

TEST_P(gathering, some_ended_some_waiting_some_not_begun) {
  run([] {
    gate held;
    std::vector<token<int>> tokens;
    tokens.push_back(later(0));
    tokens[0].wait();
    for (int i = 1; i < 50; ++i)
      tokens.push_back(submit([&held, i] {
        if (i % 2 == 0) held.pass();
        return i;
      }));
    auto opener = submit([&held] { held.open(); });
    const auto results = gather(std::move(tokens));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
    opener.get();
  });
}

}  // namespace
}  // namespace tokengate
