#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/waiter.h>
#include <tokengate/tests/core/race.h>

namespace tokengate::detail {
namespace {

using namespace std::chrono_literals;
using clock = waiter::clock;
using testing::race;
using testing::together;

constexpr int rounds = 10'000;

// Each round a waiter of its own, made before and ended by the party that waits: touching it any later is an error that
// the address sanitizer sees, and the heap often too.
std::vector<std::unique_ptr<waiter>> make_waiters(std::uint32_t count) {
  std::vector<std::unique_ptr<waiter>> all;
  for (int i = 0; i < rounds; ++i) all.push_back(std::make_unique<waiter>(count));
  return all;
}

TEST(waiter_race, what_the_notifier_wrote_is_seen_by_who_waited) {
  const auto waiters = make_waiters(1);
  std::vector<waiter*> pointers;
  for (const auto& each : waiters) pointers.push_back(each.get());
  std::vector<int> written(rounds);
  race(
      rounds,
      [&](int round) {
        written[round] = round + 1;
        pointers[round]->notify();
      },
      [&](int round) {
        EXPECT_EQ(pointers[round]->wait(), wake_reason::notified);
        EXPECT_EQ(written[round], round + 1);
      });
}

TEST(waiter_race, may_be_destroyed_as_soon_as_wait_returns) {
  auto waiters = make_waiters(1);
  std::vector<waiter*> pointers;
  for (const auto& each : waiters) pointers.push_back(each.get());
  race(
      rounds, [&](int round) { pointers[round]->notify(); },
      [&](int round) {
        EXPECT_EQ(pointers[round]->wait(), wake_reason::notified);
        waiters[round].reset();
      });
}

TEST(waiter_race, of_many_notifiers_the_last_one_ends_the_wait) {
  auto waiters = make_waiters(3);
  std::vector<waiter*> pointers;
  for (const auto& each : waiters) pointers.push_back(each.get());
  std::vector<int> written(3 * rounds);
  const auto notifier = [&](int which) {
    return [&, which](int round) {
      written[3 * round + which] = 1;
      pointers[round]->notify();
    };
  };
  race(rounds, notifier(0), notifier(1), notifier(2), [&](int round) {
    EXPECT_EQ(pointers[round]->wait(), wake_reason::notified);
    EXPECT_EQ(written[3 * round] + written[3 * round + 1] + written[3 * round + 2], 3);
    waiters[round].reset();
  });
}

TEST(waiter_race, an_event_at_the_deadline_is_either_seen_or_settled) {
  auto waiters = make_waiters(1);
  std::vector<waiter*> pointers;
  for (const auto& each : waiters) pointers.push_back(each.get());
  std::atomic<int> notified{0}, timed_out{0};
  race(
      rounds,
      [&](int round) {
        // Around the time at which the kernel wakes who waits, some 50 us after the deadline.
        const auto at = clock::now() + std::chrono::nanoseconds(round * 7919LL % 128'000);
        while (clock::now() < at) {
        }
        pointers[round]->notify();
      },
      [&](int round) {
        // From "has passed already" to "some time after the shortest sleep".
        const auto reason = pointers[round]->wait_until(clock::now() + std::chrono::microseconds(round % 64 - 8));
        if (reason == wake_reason::notified) {
          notified.fetch_add(1);
        } else {
          EXPECT_EQ(reason, wake_reason::timed_out);
          timed_out.fetch_add(1);
          pointers[round]->settle(1);
        }
        waiters[round].reset();
      });
  EXPECT_EQ(notified + timed_out, rounds);
}

TEST(waiter_race, settling_waits_for_as_many_events_as_could_not_be_taken_back) {
  auto waiters = make_waiters(3);  // of the three events one is taken back by who waits, two come
  std::vector<waiter*> pointers;
  for (const auto& each : waiters) pointers.push_back(each.get());
  std::vector<int> written(2 * rounds);
  const auto notifier = [&](int which) {
    return [&, which](int round) {
      written[2 * round + which] = 1;
      pointers[round]->notify();
    };
  };
  race(rounds, notifier(0), notifier(1), [&](int round) {
    EXPECT_EQ(pointers[round]->wait_until(clock::now()), wake_reason::timed_out);
    pointers[round]->settle(2);
    EXPECT_EQ(written[2 * round] + written[2 * round + 1], 2);
    waiters[round].reset();
  });
}

TEST(waiter_race, with_any_the_first_event_wakes_and_the_others_are_settled) {
  std::vector<std::unique_ptr<waiter>> waiters;
  std::vector<waiter*> pointers;
  for (int i = 0; i < rounds; ++i) {
    waiters.push_back(std::make_unique<waiter>(3, waiter::mode::any));
    pointers.push_back(waiters.back().get());
  }
  std::vector<int> written(2 * rounds);
  const auto notifier = [&](int which) {
    return [&, which](int round) {
      written[2 * round + which] = 1;
      pointers[round]->notify();
    };
  };
  race(rounds, notifier(0), notifier(1), [&](int round) {
    EXPECT_EQ(pointers[round]->wait(), wake_reason::notified);
    pointers[round]->settle(2);
    EXPECT_EQ(written[2 * round] + written[2 * round + 1], 2);
    waiters[round].reset();
  });
}

TEST(waiter_race, threads_that_sleep_are_all_woken) {
  constexpr int sleepers = 8;
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::vector<waiter> parties(sleepers);
    std::atomic<int> woken{0};
    together(sleepers + 1, [&](int index) {
      if (index < sleepers) {
        EXPECT_EQ(parties[static_cast<std::size_t>(index)].wait(), wake_reason::notified);
        woken.fetch_add(1);
      } else {
        for (waiter& party : parties) party.notify();
      }
    });
    ASSERT_EQ(woken, sleepers);
  }
}

}  // namespace
}  // namespace tokengate::detail
