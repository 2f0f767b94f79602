// Everything at once: trees of tokens that throw, sleep, time out and let go, while other threads kill, pause, drain
// and resume. In the end everything has ended and the books are balanced.
#include <atomic>
#include <chrono>
#include <exception>
#include <random>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::every_shape;
using testing::name_of_shape;
using testing::tracked;

int tree(unsigned seed, int depth);

TOKENGATE_OPERATION(int, leaf, (unsigned seed, tracked)) {
  if (seed % 13 == 0) throw std::runtime_error("as planned");
  if (seed % 7 == 0) this_token::sleep_for(std::chrono::microseconds(seed % 50));
  if (seed % 5 == 0) this_token::yield();
  return 1;
}
TOKENGATE_OPERATION(int, hasty, (unsigned seed, tracked), timeout{300us}) {
  this_token::sleep_for(std::chrono::microseconds(seed % 600));
  return 1;
}
TOKENGATE_OPERATION(int, stored, (unsigned seed, tracked), storage_speed::slow) {
  return leaf(seed / 2, tracked()).get();
}
TOKENGATE_OPERATION(int, anchored, (unsigned seed, tracked), sticky_anchor{"storm"}, hash_policy::none) {
  return seed % 3 == 0 ? 1 : 2;
}
TOKENGATE_OPERATION(int, lead, (unsigned seed, tracked), external_calls{leaf, hasty}) {
  std::vector<token<int>> children;
  for (unsigned i = 0; i < seed % 5; ++i)
    children.push_back(i % 2 == 0 ? leaf(seed + i, tracked()) : hasty(seed + i, tracked()));
  int sum = 0;
  for (auto& each : gather(return_exceptions, std::move(children))) sum += each.has_value() ? each.value() : 0;
  return sum;
}
TOKENGATE_APPLICATION(storm_application);

token<int> any(unsigned seed, int depth) {
  switch (seed % 8) {
    case 0:
      return hasty(seed, tracked());
    case 1:
      return stored(seed, tracked());
    case 2:
      return anchored(seed, tracked());
    case 3:
      return lead(seed, tracked());
    case 4:
      return submit(tags{timeout{200us}}, tree, seed / 8, depth);
    default:
      return submit(tree, seed / 8, depth);
  }
}

int tree(unsigned seed, int depth) {
  if (depth == 0) return leaf(seed, tracked()).get();
  std::mt19937 random(seed);
  std::vector<token<int>> children;
  for (unsigned i = random() % 4; i > 0; --i) children.push_back(any(random() >> 4, depth - 1));
  if (random() % 8 == 0) any(random() >> 4, 0).detach();
  if (random() % 8 == 0) {
    const this_token::shield safe;
    this_token::yield();
    try {
      leaf(random() >> 4, tracked()).get();
    } catch (const std::exception&) {
    }
  }
  int sum = 0;
  while (!children.empty()) {
    if (random() % 3 == 0) children.back().kill("by its parent");
    try {
      sum += random() % 2 == 0 ? children.back().get() : children.back().get_for(24h);
    } catch (const std::exception&) {
      if (random() % 16 == 0) throw;
    } catch (...) {
      if (random() % 2 == 0) this_token::stop_requested() ? throw : void();
      throw;
    }
    children.pop_back();
  }
  return sum;
}

class control_storm : public every_shape {};
INSTANTIATE_TEST_SUITE_P(on, control_storm,
                         ::testing::Combine(::testing::Values(1u, 2u, 3u, 8u), ::testing::Values(1u, 4u),
                                            ::testing::Values(std::size_t{1}, std::size_t{1024})),
                         name_of_shape);

TEST_P(control_storm, ends_with_balanced_books) {
  const auto [cores, workers, mailbox] = GetParam();
  auto wanted = shape();
  wanted.max_waiting = 200;
  wanted.storage.slow = 2;
  wanted.drain_for = 20s;
  auto& coordinator = start(wanted);
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> answers{0}, made{0};
  std::vector<std::jthread> producers, controllers;
  for (unsigned i = 0; i < 3; ++i)
    producers.emplace_back([&, i, seed = 31 * cores + workers + static_cast<unsigned>(mailbox)] {
      std::mt19937 random(seed + i);
      for (int round = 0; round < 25; ++round) {
        std::vector<token<int>> tokens;
        for (int each = 0; each < 20; ++each) tokens.push_back(any(random() >> 4, 3));
        made.fetch_add(tokens.size());
        for (auto& each : tokens) {
          if (random() % 16 == 0) {
            each.detach();
            answers.fetch_add(1);
            continue;
          }
          if (random() % 8 == 0) each.kill("by its maker");
          try {
            each.get();
          } catch (const token_killed&) {
          } catch (const token_timed_out&) {
          } catch (const std::runtime_error&) {
          }
          answers.fetch_add(1);
        }
      }
    });
  const char* const names[] = {"leaf", "hasty", "stored", "anchored", "lead", "submit"};
  for (unsigned i = 0; i < 2; ++i)
    controllers.emplace_back([&, i] {
      std::mt19937 random(i);
      while (!over) {
        const auto* const name = names[random() % 6];
        switch (random() % 8) {
          case 0:
            coordinator.kill_operation(name, "by name");
            break;
          case 1:
            if (random() % 4 == 0) coordinator.kill_all("all");
            break;
          case 2:
            for (const auto& each : coordinator.tokens(3)) coordinator.kill(each.id, "by number");
            break;
          case 3:
            coordinator.pause();
            std::this_thread::yield();
            if (random() % 2 == 0) coordinator.drain();
            coordinator.resume();
            break;
          case 4:
            coordinator.pause(name);
            std::this_thread::yield();
            if (random() % 2 == 0) coordinator.drain(name);
            coordinator.resume(name);
            break;
          case 5:
            coordinator.set_storage_limit(storage_speed::slow, 1 + random() % 4);
            break;
          default:
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));  // so that some tokens get anywhere
        }
      }
    });
  producers.clear();
  over = true;
  controllers.clear();
  EXPECT_EQ(answers, made);
  const auto report = coordinator.stop();
  EXPECT_TRUE(report.abandoned.empty());
  EXPECT_GE(ended(), made);
  for (const auto& row : coordinator.statistics())
    EXPECT_LE(row.failures + row.killed + row.timeouts, row.tokens) << row.name;
  expected_unobserved = unobserved_failures() - failures_before();
}

/// Kills at all times meet tokens that are just being queued, among them such that find their mailbox full.
TEST_P(control_storm, kills_meet_tokens_on_their_way_into_full_queues) {
  auto wanted = shape();
  wanted.max_waiting = 3;
  wanted.drain_for = 5s;
  auto& coordinator = start(wanted);
  std::atomic<bool> over{false};
  constexpr std::uint64_t each_producer = 3000;
  std::vector<std::jthread> producers;
  for (unsigned i = 0; i < 2; ++i)
    producers.emplace_back([] {
      std::vector<token<int>> tokens;
      for (std::uint64_t each = 0; each < each_producer; ++each) tokens.push_back(submit([] { return 1; }));
      for (auto& each : tokens) each.wait();
    });
  std::jthread killer([&] {
    while (!over) coordinator.kill_all();
  });
  producers.clear();
  over = true;
  killer.join();
  EXPECT_EQ(ended(), 2 * each_producer) << "each ended once";
  EXPECT_EQ(coordinator.stop().killed, 0u);
}

}  // namespace
}  // namespace tokengate
