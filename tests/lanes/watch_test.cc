// Tokens that hold their core are reported, the list of fibers tells what is so, and node memory goes back.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <semaphore.h>
#include <unistd.h>

#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/lanes/stall.h>
#include <tokengate/tests/core/scaled.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::gate;
using testing::runtime_test;

TOKENGATE_OPERATION(void, of_family, ()) {}
TOKENGATE_OPERATION(void, preferred, (const std::function<void()>& family), external_calls{of_family},
                    domain::preferred) {
  family();
}
TOKENGATE_OPERATION(void, bound, (const std::function<void()>& family), external_calls{of_family}, domain::bound) {
  family();
}
TOKENGATE_APPLICATION(watch_application);

struct seen_stall {
  unsigned core;
  std::uint64_t token;
  std::string operation;
  std::vector<std::string> frames;
};
std::mutex stalls_guard;
std::vector<seen_stall> stalls;

std::size_t stall_count() {
  const std::scoped_lock lock(stalls_guard);
  return stalls.size();
}

class watched : public runtime_test {
 protected:
  watched()
      : previous_(set_stall_handler([](const stall_report& stall) noexcept {
          const std::scoped_lock lock(stalls_guard);
          std::vector<std::string> frames;
          for (const void* const each : stall.frames) frames.push_back(describe_frame(each));
          stalls.push_back({stall.core, stall.token, std::string(stall.operation), std::move(frames)});
        })) {
    const std::scoped_lock lock(stalls_guard);
    stalls.clear();
  }
  ~watched() override { set_stall_handler(previous_); }

  static options impatient() {
    options wanted = small(2, 2, 64);
    wanted.stall_after = 20ms;
    return wanted;
  }

  /// Without a suspension point. ThreadSanitizer delivers signals only inside of calls that it knows.
  static void compute_until(const std::atomic<bool>& released) {
    while (!released.load()) ::usleep(10);
  }

 private:
  stall_handler previous_;
};

TEST_F(watched, a_token_that_holds_its_core_is_reported_once) {
  start(impatient());
  std::atomic<bool> released{false};
  auto holds = submit([&] { compute_until(released); });
  EXPECT_TRUE(eventually([] { return stall_count() == 1; }));
  // Another one on the other core: time passes for the first, which is not reported again.
  auto also = submit([&] { compute_until(released); });
  EXPECT_TRUE(eventually([] { return stall_count() == 2; }));
  const auto ids = std::pair{holds.id(), also.id()};
  released = true;
  holds.get();
  also.get();
  const std::scoped_lock lock(stalls_guard);
  ASSERT_EQ(stalls.size(), 2u);
  EXPECT_EQ(std::pair(stalls[0].token, stalls[1].token), ids);
  EXPECT_NE(stalls[0].core, stalls[1].core);
  for (const auto& each : stalls) {
    EXPECT_EQ(each.operation, "submit");
    EXPECT_GT(each.frames.size(), 4u);
  }
}

TEST_F(watched, a_token_that_suspends_or_yields_is_not) {
  // A core whose thread the system does not run looks like one that is held; for half a second that does not happen.
  auto wanted = impatient();
  wanted.stall_after = 500ms;
  start(wanted);
  std::atomic<bool> released{false};
  gate held;
  std::vector<token<void>> harmless;
  harmless.push_back(submit([&] { held.pass(); }));
  harmless.push_back(submit([&] { this_token::sleep_for(24h); }));
  harmless.push_back(submit([&] {
    while (!released.load()) this_token::yield();
  }));
  harmless.push_back(submit([&] {
    while (!released.load()) submit([] {}).get();
  }));
  // When this one has been reported there was time enough to report the others.
  auto holds = submit([&] { compute_until(released); });
  const auto id = holds.id();
  EXPECT_TRUE(eventually([] { return stall_count() != 0; }));
  released = true;
  held.open();
  holds.get();
  harmless[1].kill();
  for (const auto i : {0u, 2u, 3u}) harmless[i].get();
  const std::scoped_lock lock(stalls_guard);
  ASSERT_EQ(stalls.size(), 1u);
  EXPECT_EQ(stalls[0].token, id);
}

TEST_F(watched, a_thread_that_does_not_answer_is_asked_again) {
  start(impatient());
  std::atomic<bool> released{false};
  auto holds = submit([&] {
    // The first question is swallowed.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const int question = ::sigwaitinfo(&all, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    compute_until(released);
    return question;
  });
  EXPECT_TRUE(eventually([] { return stall_count() == 1; }));
  released = true;
  EXPECT_GE(holds.get(), SIGRTMIN);
}

TEST_F(watched, a_token_that_blocks_its_thread_is_reported) {
  start(impatient());
  sem_t semaphore;  // whose wait ThreadSanitizer knows to block
  ASSERT_EQ(::sem_init(&semaphore, 0, 0), 0);
  auto holds = submit([&] {
    while (::sem_wait(&semaphore) != 0) {
    }
  });
  EXPECT_TRUE(eventually([] { return stall_count() == 1; })) << "it takes no time of the processor, but its core";
  EXPECT_EQ(::sem_post(&semaphore), 0);
  holds.get();
  ::sem_destroy(&semaphore);
}

TEST_F(watched, fibers_are_listed_with_what_they_wait_for) {
  auto& cores = start(small(2, 2, 64));
  gate held;
  auto at_gate = submit([&] { held.pass(); });
  auto sleeps = submit([&] { this_token::sleep_for(24h); });
  std::uint64_t child = 0;
  auto waits = submit([&] {
    auto inner = submit([&] { held.pass(); });
    child = inner.id();
    inner.get();
  });
  EXPECT_TRUE(eventually([&] { return held.waiting() == 2 && cores.fibers(20s).size() >= 3; }));
  const auto fibers = cores.fibers(20s);
  const auto with = [&](std::uint64_t id) -> fiber_status {
    for (const auto& each : fibers)
      for (const auto& name : each.tokens)
        if (name.id == id) return each;
    ADD_FAILURE() << "token " << id << " is not in the list";
    return {};
  };
  EXPECT_EQ(with(at_gate.id()).state, fiber_state::suspended);
  EXPECT_EQ(with(at_gate.id()).waits_for, "something else");
  EXPECT_FALSE(with(at_gate.id()).timed);
  EXPECT_EQ(with(sleeps.id()).waits_for, "the end of its sleep");
  EXPECT_TRUE(with(sleeps.id()).timed);
  EXPECT_EQ(with(sleeps.id()).tokens.front().operation, "submit");
  if (with(waits.id()).tokens.size() == 2) {
    EXPECT_EQ(with(waits.id()).tokens.front().id, child) << "run in place, innermost first";
  } else {
    EXPECT_EQ(with(waits.id()).waits_for, "a token");
    EXPECT_EQ(with(waits.id()).awaited, std::vector<std::uint64_t>{child});
  }
  held.open();
  at_gate.get();
  waits.get();
  sleeps.kill();
}

TEST_F(watched, a_core_that_does_not_answer_is_busy) {
  auto& cores = start(small(1, 2, 64));
  std::atomic<bool> released{false}, began{false};
  auto holds = submit([&] {
    began = true;
    compute_until(released);
  });
  EXPECT_TRUE(eventually([&] { return began.load(); }));
  const auto fibers = cores.fibers(1ms);
  released = true;
  ASSERT_EQ(fibers.size(), 1u);
  EXPECT_EQ(fibers[0].state, fiber_state::busy);
  ASSERT_EQ(fibers[0].tokens.size(), 1u);
  EXPECT_EQ(fibers[0].tokens[0].id, holds.id());
  holds.get();
}

TEST_F(watched, surveys_of_a_coordinator_that_does_not_run_are_empty) {
  coordinator cores(small(2, 2, 64));
  EXPECT_TRUE(cores.fibers().empty());
  cores.start();
  EXPECT_TRUE(cores.fibers(20s).empty());
  cores.stop();
  EXPECT_TRUE(cores.fibers(20s).empty());
  EXPECT_TRUE(cores.break_deadlocks().empty());
}

/// Bytes of this process that are in memory.
std::size_t resident() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(watched, what_many_children_took_goes_back_to_the_system) {
  if (testing::scaled(100) != 100) GTEST_SKIP() << "the sanitizer keeps freed memory";
  constexpr std::size_t count = 1'000'000, megabyte = std::size_t{1} << 20;
  for (const auto where : {domain::preferred, domain::bound}) {
    coordinator cores(small(1, 2, 64));
    cores.start();
    submit([] {}).get();
    std::vector<token<void>> children(count);  // here, for the heap keeps what was freed
    const auto before = resident();
    std::size_t at_most = 0;
    const auto family = [&] {
      for (auto& each : children) each = submit([] {});
      at_most = resident();
      for (std::size_t i = count; i-- > 0;) children[i].get();
    };
    where == domain::preferred ? preferred(family).get() : bound(family).get();
    EXPECT_GT(at_most, before + 64 * megabyte) << "the children's memory must be seen, or this test is none";
    EXPECT_TRUE(eventually([&] { return resident() < before + 6 * megabyte; }))
        << resident() << " bytes, " << before << " before";
    cores.stop();
  }
}

TEST_F(watched, node_memory_goes_back_to_the_system) {
  if (testing::scaled(100) != 100) GTEST_SKIP() << "the sanitizer keeps freed memory";
  start(small(2, 2, 64));
  submit([] {}).get();
  const auto before = resident();
  {
    gate held;
    std::vector<token<void>> many;
    many.reserve(300'000);
    for (int i = 0; i < 300'000; ++i) many.push_back(submit([] {}));
    for (auto& each : many) each.get();
    EXPECT_GT(resident(), before + (std::size_t{16} << 20)) << "the tokens' memory must be seen, or this test is none";
  }
  EXPECT_TRUE(eventually([&] { return resident() < before + (std::size_t{8} << 20); }))
      << resident() << " bytes, " << before << " before";
}

}  // namespace
}  // namespace tokengate
