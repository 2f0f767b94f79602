// Waiting costs no processor time. The only tests that let real time pass: there is nothing else to wait for.
#include <chrono>
#include <cstdint>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <tokengate/core/error.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::gate;
using testing::runtime_test;

std::chrono::microseconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto sum = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return sum(used.ru_utime) + sum(used.ru_stime);
}

/// What the process used while its caller slept for a second.
std::chrono::microseconds used_in_a_second() {
  std::this_thread::sleep_for(50ms);  // let the last spinning end
  const auto before = processor_time();
  std::this_thread::sleep_for(1s);
  return processor_time() - before;
}

class idling : public runtime_test {};

TEST_F(idling, a_coordinator_left_alone_uses_no_processor) {
  start(small(4, 4, 64));
  EXPECT_LT(used_in_a_second(), 10ms) << "before its first token";
  for (int i = 0; i < 1000; ++i) submit([] { submit([] {}).get(); }).get();
  EXPECT_LT(used_in_a_second(), 10ms) << "after its last token";
}

TEST_F(idling, neither_do_tokens_and_threads_that_wait) {
  auto& coordinator = start(small(2, 1, 64));
  gate held;
  auto waits = submit([&] { held.pass(); });
  auto sleeps = submit([] { this_token::sleep_for(24h); });
  auto waits_for_child = submit([&] { submit([&] { held.pass(); }).get(); });
  auto permit = submit(tags{storage_speed::slow}, [&] { held.pass(); });
  coordinator.set_storage_limit(storage_speed::slow, 1);
  auto waits_for_permit = submit(tags{storage_speed::slow}, [] {});
  std::jthread untimed([&] { waits.get(); });
  std::jthread timed([&] { EXPECT_THROW(sleeps.get_for(24h), token_killed); });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 3; }));
  EXPECT_LT(used_in_a_second(), 10ms);
  held.open();
  waits_for_child.get();
  permit.get();
  waits_for_permit.get();
  coordinator.stop(0ns);
}

TEST_F(idling, a_core_that_sleeps_is_woken_by_whatever_comes) {
  auto wanted = small(1, 2, 64);
  wanted.storage.slow = 1;
  auto& coordinator = start(wanted);
  auto asleep = [this, before = std::uint64_t{0}]() mutable {
    EXPECT_TRUE(eventually([&] { return sum(&core_statistics::sleeps) > before; }));
    before = sum(&core_statistics::sleeps);
  };
  gate held;
  auto waits = submit(tags{storage_speed::slow}, [&] { held.pass(); });
  auto waits_for_permit = submit(tags{storage_speed::slow}, [] { return 1; });
  EXPECT_TRUE(eventually([&] { return coordinator.statistics_of(storage_speed::slow).waiting == 1; }));
  asleep();
  EXPECT_EQ(submit([] { return 2; }).get(), 2) << "a token";
  asleep();
  coordinator.set_storage_limit(storage_speed::slow, 2);
  EXPECT_EQ(waits_for_permit.get(), 1) << "a permit";
  asleep();
  held.open();
  waits.get();  // an event
  asleep();
  submit([] { this_token::sleep_for(5ms); }).get();  // a timer
  asleep();
  coordinator.stop();  // the end
}

TEST_F(idling, nor_does_a_thread_at_a_full_gate) {
  auto wanted = small(1, 1, 1);
  wanted.max_waiting = 1;
  start(wanted);
  testing::blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::jthread submitter([&] {
    for (int i = 0; i < 5; ++i) submit([] {}).detach();
  });
  EXPECT_TRUE(eventually([&] { return running().statistics_of_cores().front().waiting == 1; }));
  EXPECT_LT(used_in_a_second(), 100ms) << "it may look again once in a millisecond";
  busy.lift();
}

}  // namespace
}  // namespace tokengate
