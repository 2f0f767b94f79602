// Exceptions in flight belong to the token, not to the thread on which other tokens run meanwhile.
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
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

class exception_state : public every_shape {
 protected:
  void SetUp() override { start_shape(); }
};
INSTANTIATE_TEST_SUITE_P(on, exception_state, all_shapes(), name_of_shape);

TEST_P(exception_state, tokens_suspended_inside_catch_rethrow_their_own) {
  gate held;
  const auto suspended_in_catch = [&held](int mine) {
    try {
      throw mine;
    } catch (const int& caught) {
      EXPECT_EQ(caught, mine);
      held.pass();
      EXPECT_EQ(caught, mine);
      try {
        throw;
      } catch (const int& again) {
        return again;
      }
    }
    return -1;
  };
  std::vector<token<int>> tokens;
  for (int i = 0; i < 100; ++i) tokens.push_back(submit(suspended_in_catch, i));
  EXPECT_TRUE(eventually([&] { return held.waiting() == 100; }));
  // Exceptions come and go on the same threads meanwhile.
  for (int i = 0; i < 20; ++i)
    EXPECT_THROW(submit([] { throw std::runtime_error("passing by"); }).get(), std::runtime_error);
  held.open();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(tokens[static_cast<std::size_t>(i)].get(), i);
}

TEST_P(exception_state, every_way_of_leaving_the_core_keeps_them) {
  const auto all_ways = [](int mine) {
    try {
      throw mine;
    } catch (...) {
      this_token::yield();
      this_token::sleep_for(10us);
      submit([] {}).get();
      static_cast<void>(submit([] { this_token::sleep_for(10us); }).wait_for(1us));
      gather(submit([] { this_token::yield(); }), submit([] { this_token::yield(); }));
      try {
        std::rethrow_exception(std::current_exception());
      } catch (int again) {
        EXPECT_EQ(again, mine);
      }
      EXPECT_EQ(std::uncaught_exceptions(), 0);
      throw;
    }
  };
  std::vector<token<void>> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(submit(all_ways, i));
  for (int i = 0; i < 50; ++i) {
    try {
      tokens[static_cast<std::size_t>(i)].get();
      FAIL();
    } catch (int thrown) {
      EXPECT_EQ(thrown, i);
    }
  }
}

/// Waits in its destructor, expecting `passing` exceptions in flight before and after.
struct waits_when_destroyed {
  explicit waits_when_destroyed(int passing) : passing_(passing) {}
  ~waits_when_destroyed() {
    EXPECT_EQ(std::uncaught_exceptions(), passing_);
    this_token::sleep_for(10us);
    this_token::yield();
    submit([] {}).get();
    static_cast<void>(submit([] { this_token::yield(); }).wait_for(1h));
    EXPECT_EQ(std::uncaught_exceptions(), passing_);
  }
  int passing_;
};

TEST_P(exception_state, destructors_that_suspend_know_whether_an_exception_passes) {
  const auto unwinds = [] {
    const waits_when_destroyed calm(0);
    try {
      const waits_when_destroyed unwound(1);
      throw 1;
    } catch (int) {
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
  };
  std::vector<token<void>> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(submit(unwinds));
  gather(std::move(tokens));
}

TEST_P(exception_state, a_child_run_in_place_may_throw_while_its_parent_handles_an_exception) {
  const auto handles = [](int mine) {
    try {
      throw mine;
    } catch (int) {
      EXPECT_THROW(submit([] { throw std::runtime_error("child"); }).get(), std::runtime_error);
      try {
        throw;
      } catch (int again) {
        return again;
      }
    }
    return -1;
  };
  std::vector<token<int>> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(submit(handles, i));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(tokens[static_cast<std::size_t>(i)].get(), i);
}

TEST_P(exception_state, a_new_token_begins_without_exceptions) {
  const auto fresh = [] { return std::current_exception() == nullptr && std::uncaught_exceptions() == 0; };
  const auto asks = [fresh] {
    struct asks_when_destroyed {
      ~asks_when_destroyed() { clean = submit(is_fresh).get(); }
      bool& clean;
      decltype(fresh) is_fresh;
    };
    bool all_clean = true;
    try {
      const asks_when_destroyed unwound{all_clean, fresh};
      throw 1;
    } catch (int) {
      all_clean &= submit(fresh).get();        // run in place where that is possible
      all_clean &= submit(fresh).get_for(1h);  // a timed wait never does
    }
    return all_clean;
  };
  std::vector<token<bool>> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(submit(asks));
  for (const bool clean : gather(std::move(tokens))) EXPECT_TRUE(clean);
}

}  // namespace
}  // namespace tokengate
