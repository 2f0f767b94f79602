// What every lane must do, whatever its policy: run over all lanes that are linked. tokengate_lane_test (rules.bzl)
// runs it over one.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/lanes/lane.h>
#include <tokengate/tests/core/race.h>
#include <tokengate/tests/lanes/some_tokens.h>

namespace tokengate::lanes {
namespace {

using testing::plain_token;
using testing::some_tokens;

/// A lane on some cores, without any core.
class lane_contract : public ::testing::TestWithParam<lane_factory> {
 protected:
  void make(unsigned cores, std::size_t capacity, std::size_t places) {
    slots = std::make_unique<gate_slots>(places);
    variant = GetParam().make({cores, 2, capacity, *slots});
    of_core.clear();
    for (unsigned i = 0; i < cores; ++i) of_core.push_back(variant->make_lane(i));
  }
  void TearDown() override { of_core.clear(); }

  /// All tokens have weights in turn.
  static some_tokens tokens_of_all_weights(std::size_t count) {
    some_tokens tokens(count);
    for (std::size_t i = 0; i < count; ++i) tokens[i].tags.weight = static_cast<weight>(i % 3);
    return tokens;
  }
  bool offer(plain_token& token, bool on_credit = false) {
    const auto [core, slot] = variant->route(token);
    EXPECT_LT(core, of_core.size());
    return of_core[core]->offer(token, slot, on_credit);
  }
  /// Takes until there is nothing left; counts each token.
  void take_all(lane& queues, std::vector<int>& taken) {
    while (auto* const token = static_cast<plain_token*>(queues.take())) {
      EXPECT_EQ(token->state(), token_state::admitted);
      ++taken[token->place];
    }
  }
  template <class Count>
  std::size_t sum(Count count) const {
    std::size_t all = 0;
    for (const auto& each : of_core) all += static_cast<std::size_t>(((*each).*count)());
    return all;
  }

  std::unique_ptr<gate_slots> slots;
  std::unique_ptr<lane_variant> variant;
  std::vector<std::unique_ptr<lane>> of_core;
};
INSTANTIATE_TEST_SUITE_P(linked, lane_contract, ::testing::ValuesIn(linked_lanes().begin(), linked_lanes().end()),
                         [](const auto& lane) { return std::string(lane.param.name); });

TEST_P(lane_contract, hands_out_exactly_once_what_was_offered) {
  for (const unsigned cores : {1u, 2u, 3u, 8u}) {
    for (const std::size_t capacity : {1u, 2u, 0u}) {
      make(cores, capacity, 10'000);
      const auto tokens = tokens_of_all_weights(3000);
      std::vector<int> taken(tokens.size());
      for (std::size_t i = 0; i < tokens.size(); ++i) ASSERT_TRUE(offer(tokens[i]));
      EXPECT_EQ(sum(&lane::waiting) + sum(&lane::admitted), tokens.size());
      EXPECT_EQ(sum(&lane::accepted), tokens.size());
      for (const auto& each : of_core) {
        EXPECT_EQ(each->empty(), each->waiting() + each->admitted() == 0);
        take_all(*each, taken);
        EXPECT_TRUE(each->empty());
        EXPECT_FALSE(each->has_loot());
      }
      for (const int count : taken) ASSERT_EQ(count, 1) << cores << " cores, capacity " << capacity;
      EXPECT_EQ(sum(&lane::waiting) + sum(&lane::admitted), 0u);
      EXPECT_EQ(sum(&lane::accepted), tokens.size());
    }
  }
}

TEST_P(lane_contract, takes_tokens_that_were_sent_to_it_without_being_asked) {
  make(2, 1, 1000);
  const auto tokens = tokens_of_all_weights(60);
  std::vector<int> taken(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) ASSERT_TRUE(of_core[i % 2]->offer(tokens[i], no_slot, true));
  for (const auto& each : of_core) {
    EXPECT_EQ(each->accepted(), 30u);
    take_all(*each, taken);
  }
  for (const int count : taken) ASSERT_EQ(count, 1);
}

TEST_P(lane_contract, refuses_when_mailbox_and_gate_are_full_and_accepts_again_when_there_is_room) {
  make(1, 1, 2);
  const auto tokens = tokens_of_all_weights(100);
  std::vector<int> taken(tokens.size());
  std::size_t in = 0;
  while (in < tokens.size() && offer(tokens[in])) ++in;
  ASSERT_LT(in, tokens.size()) << "it takes in without bound";
  ASSERT_EQ(of_core[0]->waiting(), 2u) << "refused although there was a place";
  EXPECT_EQ(of_core[0]->accepted(), in) << "the refused one does not count";
  EXPECT_TRUE(offer(tokens[in + 1], true)) << "on credit there is always a place";
  take_all(*of_core[0], taken);
  EXPECT_TRUE(offer(tokens[in]));
  take_all(*of_core[0], taken);
  EXPECT_EQ(std::count(taken.begin(), taken.end(), 1), static_cast<std::ptrdiff_t>(in) + 2);
  EXPECT_EQ(std::count(taken.begin(), taken.end(), 0), static_cast<std::ptrdiff_t>(tokens.size() - in) - 2);
}

TEST_P(lane_contract, a_closed_gate_lets_nothing_through) {
  make(2, 4, 1000);
  const auto tokens = tokens_of_all_weights(90);
  std::vector<int> taken(tokens.size());
  for (std::size_t i = 0; i < 30; ++i) ASSERT_TRUE(offer(tokens[i]));
  const std::size_t admitted = sum(&lane::admitted), waiting = sum(&lane::waiting);
  for (const auto& each : of_core) each->close();
  for (std::size_t i = 30; i < 60; ++i) {
    ASSERT_TRUE(offer(tokens[i]));
    ASSERT_EQ(tokens[i].state(), token_state::waiting);
  }
  EXPECT_EQ(sum(&lane::admitted), admitted);
  EXPECT_EQ(sum(&lane::waiting), waiting + 30);
  for (const auto& each : of_core) take_all(*each, taken);
  EXPECT_EQ(std::count(taken.begin(), taken.end(), 1), static_cast<std::ptrdiff_t>(admitted));
  for (const auto& each : of_core) EXPECT_TRUE(each->empty()) << "nothing can be had while it is closed";
  EXPECT_EQ(sum(&lane::waiting), waiting + 30);
  for (const auto& each : of_core) each->open();
  for (std::size_t i = 60; i < 90; ++i) ASSERT_TRUE(offer(tokens[i]));
  for (const auto& each : of_core) take_all(*each, taken);
  for (const int count : taken) ASSERT_EQ(count, 1);
}

TEST_P(lane_contract, a_drain_takes_what_waits_and_is_wanted) {
  make(2, 2, 1000);
  const auto tokens = tokens_of_all_weights(90);
  std::vector<int> taken(tokens.size());
  for (const auto& each : of_core) each->close();
  for (std::size_t i = 0; i < 90; ++i) ASSERT_TRUE(offer(tokens[i]));
  std::vector<std::size_t> drained;
  std::size_t count = 0;
  for (const auto& each : of_core)
    count += each->drain(
        [](const detail::node& token, void*) { return static_cast<const plain_token&>(token).place % 2 == 0; },
        [](detail::node& token, void* out) {
          EXPECT_EQ(token.state(), token_state::waiting);
          static_cast<std::vector<std::size_t>*>(out)->push_back(static_cast<plain_token&>(token).place);
        },
        &drained);
  EXPECT_EQ(count, 45u);
  EXPECT_EQ(drained.size(), 45u);
  for (const std::size_t place : drained) EXPECT_EQ(place % 2, 0u);
  EXPECT_EQ(sum(&lane::waiting), 45u);
  EXPECT_EQ(sum(&lane::accepted), 90u) << "what was drained was taken in once";
  for (const auto& each : of_core) each->open();
  for (const auto& each : of_core) take_all(*each, taken);
  for (std::size_t i = 0; i < 90; ++i) ASSERT_EQ(taken[i], i % 2 == 0 ? 0 : 1) << i;
}

TEST_P(lane_contract, a_drain_gives_the_places_back) {
  make(1, 1, 3);
  const auto tokens = tokens_of_all_weights(6);
  of_core[0]->close();
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(offer(tokens[i]));
  ASSERT_FALSE(offer(tokens[3]));
  EXPECT_EQ(of_core[0]->drain([](const detail::node&, void*) { return true; }, [](detail::node&, void*) {}, nullptr),
            3u);
  for (std::size_t i = 3; i < 6; ++i) EXPECT_TRUE(offer(tokens[i]));
  EXPECT_EQ(of_core[0]->waiting(), 3u);
}

TEST_P(lane_contract, gives_to_thieves_or_has_no_loot) {
  make(1, 2, 1000);
  const auto tokens = tokens_of_all_weights(30);
  for (std::size_t i = 0; i < 30; ++i) ASSERT_TRUE(offer(tokens[i]));
  const bool gives = of_core[0]->has_loot();
  std::size_t given = 0;
  while (of_core[0]->give() != nullptr) ++given;
  EXPECT_EQ(given, gives ? 30u : 0u);
}

TEST_P(lane_contract, what_it_is_told_does_not_hold_tokens_back) {
  make(2, 2, 1000);
  const auto tokens = tokens_of_all_weights(300);
  std::vector<int> taken(tokens.size());
  for (std::size_t i = 0; i < 300; ++i) ASSERT_TRUE(offer(tokens[i]));
  for (const auto& each : of_core) {
    each->set_active(1);
    for (const auto ticks : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 35})
      for (int what = 0; what < 3; ++what) each->ran(static_cast<weight>(what), ticks);
    take_all(*each, taken);
    each->set_active(1000);
  }
  for (const int count : taken) ASSERT_EQ(count, 1);
}

TEST_P(lane_contract, loses_and_doubles_nothing_among_many_threads) {
  for (const std::size_t capacity : {1u, 2u, 0u}) {
    constexpr std::size_t producers = 3, each = 6000;
    constexpr unsigned cores = 2;
    make(cores, capacity, 50);
    const auto tokens = tokens_of_all_weights(producers * each);
    std::vector<std::atomic<int>> taken(tokens.size());
    std::atomic<std::size_t> left{tokens.size()};
    testing::together(producers + cores + 1, [&](int index) {
      if (index < static_cast<int>(producers)) {
        const auto first = static_cast<std::size_t>(index) * each;
        for (std::size_t i = first; i < first + each; ++i) {
          const auto [core, slot] = variant->route(tokens[i]);
          while (!of_core[core]->offer(tokens[i], slot, false)) std::this_thread::yield();
        }
        return;
      }
      const bool thief = index == producers + cores;
      const auto core = static_cast<std::size_t>(index) % cores;
      std::uint64_t ticks = 1;
      while (left.load(std::memory_order_relaxed) != 0) {
        auto* const token = static_cast<plain_token*>(thief ? of_core[ticks++ % cores]->give() : of_core[core]->take());
        if (token == nullptr) {
          std::this_thread::yield();
          continue;
        }
        taken[token->place].fetch_add(1, std::memory_order_relaxed);
        ASSERT_TRUE(token->claim_from_queue());
        left.fetch_sub(1, std::memory_order_relaxed);
        if (!thief && ++ticks % 50 == 0) of_core[core]->ran(token->tags.weight, ticks * 1000);
        if (!thief && ticks % 70 == 0) of_core[core]->set_active(1 + static_cast<unsigned>(ticks % 2));
      }
    });
    for (const auto& one : taken) ASSERT_EQ(one.load(), 1);
    for (const auto& queues : of_core) EXPECT_TRUE(queues->empty());
    EXPECT_EQ(sum(&lane::accepted), tokens.size());
  }
}

TEST_P(lane_contract, closing_opening_and_draining_meanwhile_loses_and_doubles_nothing) {
  constexpr std::size_t count = 20'000;
  make(1, 2, 50);
  const auto tokens = tokens_of_all_weights(count);
  std::vector<std::atomic<int>> taken(count);
  std::atomic<std::size_t> left{count};
  struct sink {
    std::vector<std::atomic<int>>& taken;
    std::atomic<std::size_t>& left;
  } out{taken, left};
  testing::together(3, [&](int index) {
    lane& queues = *of_core[0];
    if (index == 0) {
      for (std::size_t i = 0; i < count; ++i) {
        const auto slot = variant->route(tokens[i]).slot;
        while (!queues.offer(tokens[i], slot, false)) std::this_thread::yield();
      }
    } else if (index == 1) {
      while (left.load(std::memory_order_relaxed) != 0) {
        auto* const token = static_cast<plain_token*>(queues.take());
        if (token == nullptr) {
          std::this_thread::yield();
          continue;
        }
        taken[token->place].fetch_add(1, std::memory_order_relaxed);
        left.fetch_sub(1, std::memory_order_relaxed);
      }
    } else {
      while (left.load(std::memory_order_relaxed) != 0) {
        queues.close();
        queues.drain(
            [](const detail::node& token, void*) { return static_cast<const plain_token&>(token).place % 3 == 0; },
            [](detail::node& token, void* context) {
              auto& here = *static_cast<sink*>(context);
              here.taken[static_cast<plain_token&>(token).place].fetch_add(1, std::memory_order_relaxed);
              here.left.fetch_sub(1, std::memory_order_relaxed);
            },
            &out);
        queues.open();
        std::this_thread::yield();
      }
    }
  });
  for (const auto& one : taken) ASSERT_EQ(one.load(), 1);
  EXPECT_EQ(of_core[0]->accepted(), count);
}

}  // namespace
}  // namespace tokengate::lanes
