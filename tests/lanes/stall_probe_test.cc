// A core that is asked what it does answers wherever it is, and goes on.
#include <atomic>
#include <chrono>
#include <stdexcept>

#include <gtest/gtest.h>
#include <pthread.h>

#include <tokengate/core/host.h>
#include <tokengate/core/submit.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/stall_probe.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using lanes::stall_probe;
using testing::eventually;
using testing::runtime_test;

/// Exceptions come by here, from some depth.
[[gnu::noinline]] int thrown_at(int depth) {
  if (depth == 0) throw std::runtime_error("as planned");
  return thrown_at(depth - 1) + 1;
}

// A token that does nothing but throw is in the unwinder most of the time, also where that puts registers in place.
TEST_F(runtime_test, an_answer_may_be_asked_for_in_the_midst_of_an_exception) {
  auto wanted = small(1, 1, 64);
  wanted.stall_after = 0ns;
  start(wanted);
  std::atomic<const lanes::core*> core{nullptr};
  std::atomic<bool> over{false};
  pthread_t thread{};
  auto thrower = submit([&] {
    thread = ::pthread_self();
    core = static_cast<const lanes::core*>(detail::host::current());
    while (!over) try {
        static_cast<void>(thrown_at(3));
      } catch (const std::runtime_error&) {
      }
  });
  ASSERT_TRUE(eventually([&] { return core.load() != nullptr; }));
  stall_probe probe;
  int in_the_unwinder = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto what = i % 2 == 0 ? stall_probe::wanted::token_and_frames : stall_probe::wanted::token;
    if (!probe.take(*core, thread, 20s, what)) break;
    EXPECT_EQ(probe.token(), thrower.id());
    EXPECT_EQ(probe.frames().empty(), what == stall_probe::wanted::token);
    in_the_unwinder += probe.frames().size() == 1 ? 1 : 0;
  }
  EXPECT_GT(in_the_unwinder, 0);
  EXPECT_FALSE(running().fibers(0ns).empty());
  over = true;
  thrower.get();
}

}  // namespace
}  // namespace tokengate
