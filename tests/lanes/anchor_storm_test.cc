// Leads, children, anchors and strands under random kills, pauses, time-outs and a stop: in the end nothing is left of
// pins and domains, no key was on two cores, no strand had two tokens at once.
#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/seed.h>
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
using testing::eventually;
using testing::every_shape;
using testing::name_of_shape;
using testing::tracked;

constexpr int keys = 5;

/// Of one key: how many tokens run, on which core, and how often that was not as promised.
struct alignas(64) observed {
  std::atomic<int> inside{0}, exclusive_inside{0};
  std::atomic<int> core{-1};
  std::atomic<int> wrong{0};
};
std::array<observed, keys> books, strands_seen;

/// What a token does between entering and leaving; may throw or be unwound anywhere.
void busy_with(unsigned seed) {
  if (seed % 11 == 0) throw std::runtime_error("as planned");
  if (seed % 3 == 0) this_token::yield();
  if (seed % 5 == 0) this_token::sleep_for(std::chrono::microseconds(seed % 90));
  if (seed % 17 == 0) submit([] { this_token::yield(); }).get();
}

class visit {
 public:
  visit(observed& where, bool alone) : where_(where), alone_(alone) {
    const int core = static_cast<int>(this_token::core());
    if (where_.inside.fetch_add(1) == 0)
      where_.core.store(core);
    else if (where_.core.load() != core)
      ++where_.wrong;  // the others that are inside are on another core
    if (alone_ && where_.exclusive_inside.fetch_add(1) != 0) ++where_.wrong;
  }
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;
  ~visit() {
    if (alone_) where_.exclusive_inside.fetch_sub(1);
    where_.inside.fetch_sub(1);
  }

 private:
  observed& where_;
  bool alone_;
};

/// The part of the arguments that is the key.
struct salt {
  unsigned seed = 0;
  friend void fingerprint_append(auto&, const salt&) {}
};
struct ballast : tracked {
  friend void fingerprint_append(auto&, const ballast&) {}
};

TOKENGATE_OPERATION(void, keep, (int key, salt of, ballast), sticky_anchor{"books"}) {
  const visit here(books[static_cast<std::size_t>(key)], false);
  busy_with(of.seed);
}
TOKENGATE_OPERATION(void, hurried, (int key, salt of, ballast), sticky_anchor{"books"}, timeout{200us}) {
  const visit here(books[static_cast<std::size_t>(key)], false);
  busy_with(of.seed);
}
TOKENGATE_OPERATION(void, alone, (int key, salt of, ballast), sticky_anchor{"strands"}, exclusive) {
  const visit here(strands_seen[static_cast<std::size_t>(key)], true);
  busy_with(of.seed);
}
TOKENGATE_OPERATION(void, alone_on_disk, (int key, salt of, ballast), sticky_anchor{"strands"}, exclusive,
                    storage_speed::slow, timeout{2ms}) {
  const visit here(strands_seen[static_cast<std::size_t>(key)], true);
  busy_with(of.seed);
}
TOKENGATE_OPERATION(void, child, (unsigned seed, ballast)) {
  if (this_token::lead() == 0) throw std::logic_error("a child without a lead");
  busy_with(seed);
}
TOKENGATE_DECLARE(void, bound_lead, (unsigned seed, int depth, ballast), external_calls{child, "bound_lead"});
TOKENGATE_DECLARE(void, easy_lead, (unsigned seed, int depth, ballast), external_calls{child}, domain::preferred,
                  timeout{3ms});
TOKENGATE_APPLICATION(anchor_storm_application);

token<void> any(unsigned seed, int depth) {
  const int key = static_cast<int>(seed / 8 % keys);
  switch (seed % 8) {
    case 0:
      return keep(key, salt{seed}, ballast());
    case 1:
      return hurried(key, salt{seed}, ballast());
    case 2:
    case 3:
      return alone(key, salt{seed}, ballast());
    case 4:
      return alone_on_disk(key, salt{seed}, ballast());
    case 5:
      return bound_lead(seed / 3, depth, ballast());
    case 6:
      return easy_lead(seed / 3, depth, ballast());
    default:
      return submit([seed] { busy_with(seed); });
  }
}

/// Waits for some, lets others go, kills some; a wait for a token of one's own strand is refused.
void family(unsigned seed, int depth) {
  std::vector<token<void>> children;
  for (unsigned i = 0; i < seed % 4; ++i) children.push_back(child(seed + i, ballast()));
  if (depth > 0) children.push_back(any(seed * 7 + 3, depth - 1));
  if (seed % 6 == 0 && !children.empty()) children.front().detach(), children.erase(children.begin());
  if (seed % 9 == 0 && !children.empty()) children.back().kill();
  for (auto& each : gather(return_exceptions, std::move(children))) static_cast<void>(each.has_value());
}

TOKENGATE_DEFINE(void, bound_lead, (unsigned seed, int depth, ballast)) {
  family(seed, depth);
  busy_with(seed);
}
TOKENGATE_DEFINE(void, easy_lead, (unsigned seed, int depth, ballast)) {
  family(seed, depth);
  busy_with(seed);
}

class anchor_storm : public every_shape {
 protected:
  /// Everything that came up has ended by an end that may be.
  static void wait_for(token<void>& each) {
    try {
      each.get();
    } catch (const error&) {
    } catch (const std::runtime_error&) {
    }
  }
  void expect_promises_kept() const {
    for (const auto& each : books) EXPECT_EQ(each.wrong, 0);
    for (const auto& each : strands_seen) EXPECT_EQ(each.wrong, 0);
    for (const auto& each : books) EXPECT_EQ(each.inside, 0);
  }
};
INSTANTIATE_TEST_SUITE_P(shape, anchor_storm,
                         ::testing::Combine(::testing::Values(1u, 2u, 3u, 8u), ::testing::Values(1u, 4u),
                                            ::testing::Values(std::size_t{2}, std::size_t{64})),
                         name_of_shape);

TEST_P(anchor_storm, leaves_no_pin_and_no_domain) {
  auto wanted = shape();
  wanted.storage.slow = 2;
  auto& coordinator = start(wanted);
  expected_unobserved = 0;
  const auto failures = unobserved_failures();
  std::atomic<bool> over{false};
  std::thread trouble([&] {
    std::mt19937 random(7);
    const char* const names[] = {"keep", "alone", "alone_on_disk", "child", "bound_lead", "easy_lead"};
    while (!over) {
      const auto* const name = names[random() % 6];
      switch (random() % 6) {
        case 0:
          coordinator.kill_operation(name, "trouble");
          break;
        case 1:
          coordinator.pause(name);
          std::this_thread::yield();
          coordinator.resume(name);
          break;
        case 2:
          coordinator.pause();
          std::this_thread::yield();
          coordinator.resume();
          break;
        case 3:
          if (random() % 8 == 0) coordinator.drain();
          break;
        case 4:
          static_cast<void>(coordinator.domains());
          static_cast<void>(coordinator.pins());
          break;
        default:
          for (const auto& each : coordinator.tokens(20))
            if (each.id % 3 == 0) coordinator.kill(each.id, "trouble");
      }
    }
  });
  std::vector<std::thread> submitters;
  for (unsigned thread = 0; thread < 2; ++thread)
    submitters.emplace_back([thread] {
      std::mt19937 random(thread + 1);
      for (int wave = 0; wave < 15; ++wave) {
        std::vector<token<void>> tokens;
        for (int i = 0; i < 40; ++i) tokens.push_back(any(static_cast<unsigned>(random()), 2));
        for (auto& each : tokens) wait_for(each);
      }
    });
  for (auto& each : submitters) each.join();
  over = true;
  trouble.join();
  // Only children that were let go may still be on their way.
  EXPECT_TRUE(eventually([&] { return coordinator.tokens().empty(); }));
  EXPECT_TRUE(coordinator.pins().empty());
  EXPECT_TRUE(coordinator.domains().empty());
  expect_promises_kept();
  expected_unobserved = unobserved_failures() - failures;
}

TEST_P(anchor_storm, ends_with_a_stop_at_any_moment) {
  auto wanted = shape();
  wanted.storage.slow = 2;
  wanted.drain_for = 0ns;
  auto& coordinator = start(wanted);
  const auto failures = unobserved_failures();
  for (int round = 0; round < 4; ++round) {
    std::thread submitter([&] {
      std::mt19937 random(static_cast<unsigned>(round));
      const coordinator::scope meant(coordinator);
      std::vector<token<void>> tokens;
      try {
        for (;;) tokens.push_back(any(static_cast<unsigned>(random()), 2));
      } catch (const coordinator_stopped&) {
      }
      for (auto& each : tokens) wait_for(each);
    });
    EXPECT_TRUE(eventually([&] { return ended() > 200; }));
    coordinator.stop();
    submitter.join();
    EXPECT_TRUE(coordinator.pins().empty());
    EXPECT_TRUE(coordinator.domains().empty());
    coordinator.start();
  }
  expect_promises_kept();
  expected_unobserved = unobserved_failures() - failures;
}

}  // namespace
}  // namespace tokengate
