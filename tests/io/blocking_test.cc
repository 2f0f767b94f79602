// Calls that would block a core.
#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/io/blocking.h>

#include "tests/io/on_coordinator.h"

namespace tokengate::io {
namespace {

using namespace std::chrono_literals;

class blocking_on : public on_coordinator {};

INSTANTIATE_TEST_SUITE_P(, blocking_on, both_backends, name_of);

TEST(blocking, on_a_plain_thread_is_a_call) {
  EXPECT_EQ(blocking([] { return std::this_thread::get_id(); }), std::this_thread::get_id());
  EXPECT_THROW(blocking([] { throw std::out_of_range("far"); }), std::out_of_range);
}

TEST_P(blocking_on, in_a_token_leaves_the_core_to_others) {
  std::binary_semaphore opened{0};
  auto waiting = submit([&opened] {
    const auto core = std::this_thread::get_id();
    const auto elsewhere = blocking([&opened] {
      opened.acquire();
      return std::this_thread::get_id();
    });
    EXPECT_NE(elsewhere, core);
    EXPECT_EQ(std::this_thread::get_id(), core);
  });
  in_token([&opened] { opened.release(); });  // on the same core
  waiting.get();
}

TEST_P(blocking_on, returns_whatever_is_returned) {
  in_token([] {
    EXPECT_EQ(blocking([] { return 42; }), 42);
    EXPECT_EQ(*blocking([] { return std::make_unique<int>(7); }), 7);
    int called = 0;
    blocking([&called] { ++called; });
    EXPECT_EQ(called, 1);
    std::string word = "word";
    std::string& same = blocking([&word]() -> std::string& { return word; });
    EXPECT_EQ(&same, &word);
    std::string&& moved = blocking([&word]() -> std::string&& { return std::move(word); });
    EXPECT_EQ(&moved, &word);
    struct no_default {
      explicit no_default(int given) : value(given) {}
      int value;
    };
    EXPECT_EQ(blocking([] { return no_default(3); }).value, 3);
    struct counts_calls {
      int operator()() && { return 1; }
    };
    EXPECT_EQ(blocking(counts_calls{}), 1);
  });
}

TEST_P(blocking_on, throws_whatever_is_thrown) {
  in_token([] {
    try {
      blocking([]() -> int { throw std::out_of_range("far"); });
      FAIL() << "nothing was thrown";
    } catch (const std::out_of_range& thrown) {
      EXPECT_STREQ(thrown.what(), "far");
    }
    EXPECT_THROW(blocking([] { throw 5; }), int);
  });
}

TEST_P(blocking_on, nested_calls_stay_on_their_thread) {
  in_token([] {
    EXPECT_TRUE(blocking([] {
      const auto here = std::this_thread::get_id();
      return blocking([here] { return std::this_thread::get_id() == here; });
    }));
  });
}

TEST_P(blocking_on, more_calls_than_threads_are_all_made) {
  std::vector<token<int>> tokens;
  for (int i = 0; i < 1000; ++i)
    tokens.push_back(submit([i] {
      return blocking([i] {
        std::this_thread::yield();
        return i;
      });
    }));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(tokens[static_cast<std::size_t>(i)].get(), i);
}

TEST_P(blocking_on, a_hard_stop_waits_for_a_call_that_has_begun) {
  std::binary_semaphore begun{0};
  std::atomic<bool> let_go{false}, ended{false}, went_on{false};
  auto calling = submit([&] {
    blocking([&] {
      begun.release();
      while (!let_go.load()) std::this_thread::yield();
      ended = true;
    });
    went_on = true;
  });
  begun.acquire();
  std::thread stopper([&] { coordinator_.stop(0ns); });
  let_go = true;
  stopper.join();
  EXPECT_TRUE(ended.load());
  try {  // the call may have ended before the token was told to stop
    calling.get();
    EXPECT_TRUE(went_on.load());
  } catch (const token_killed&) {
    EXPECT_FALSE(went_on.load());
  }
}

TEST_P(blocking_on, coordinators_come_and_go_around_the_pool) {
  for (int round = 0; round < 100; ++round) {
    coordinator other({.cores = 1, .io_backend = GetParam()});
    other.start();
    const coordinator::scope here(other);
    EXPECT_EQ(submit([round] { return blocking([round] { return round; }); }).get(), round);
  }  // destroyed while the pool's thread may still be leaving
}

}  // namespace
}  // namespace tokengate::io
