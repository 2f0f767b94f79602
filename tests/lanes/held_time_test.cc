// What counts as holding a core, and what the system says of threads.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <tokengate/lanes/held_time.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate::lanes {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::eventually;

/// A thread that is looked at every 250 ms, as planned unless it says otherwise.
class watched_thread : public ::testing::Test {
 protected:
  watched_thread() { held.begin(now, times); }
  void look(char state, nanoseconds after, nanoseconds ran, nanoseconds queued) {
    now += after;
    times.cpu += ran;
    times.queued += queued;
    times.state = state;
    held.add(now, planned, times);
  }

  static constexpr nanoseconds planned = 250ms;
  held_time::clock::time_point now{};
  thread_times times{.cpu = 5s, .queued = 7s, .state = 'R'};
  held_time held;
};

TEST_F(watched_thread, that_computes_holds_its_core) {
  for (int i = 0; i < 4; ++i) look('R', 250ms, 250ms, 0ms);
  EXPECT_EQ(held.total(), 1s);
}

TEST_F(watched_thread, that_is_blocked_in_the_kernel_holds_its_core) {
  for (const char state : {'S', 'D'}) look(state, 250ms, 0ms, 0ms);
  EXPECT_EQ(held.total(), 500ms);
}

TEST_F(watched_thread, that_waits_for_a_processor_does_not) {
  for (int i = 0; i < 4; ++i) look('R', 250ms, 0ms, 0ms);  // the wait has not ended, so the system has not added it
  EXPECT_EQ(held.total(), 0ms);
  look('R', 250ms, 10ms, 1240ms);
  EXPECT_EQ(held.total(), 10ms);
  look('S', 250ms, 20ms, 200ms);
  EXPECT_EQ(held.total(), 60ms) << "the rest of the time it was blocked";
  look('S', 250ms, 0ms, 300ms);
  EXPECT_EQ(held.total(), 60ms) << "a wait that began before the look";
}

TEST_F(watched_thread, that_is_stopped_does_not) {
  look('T', 250ms, 0ms, 0ms);
  look('t', 250ms, 0ms, 0ms);
  EXPECT_EQ(held.total(), 0ms);
}

TEST_F(watched_thread, of_a_machine_that_was_paused_is_not_blamed_for_that) {
  look('S', 250ms, 0ms, 0ms);
  look('S', 1h, 0ms, 0ms);  // nobody looked: all were stopped
  EXPECT_EQ(held.total(), 500ms);
  look('R', 1h, 1h, 0ms);  // or the clock jumped
  EXPECT_EQ(held.total(), 750ms);
  look('S', -1h, 0ms, 0ms);
  EXPECT_EQ(held.total(), 750ms);
}

TEST_F(watched_thread, of_which_nothing_is_known_is_judged_by_the_clock) {
  times = {};
  held.begin(now, times);
  look(0, 250ms, 0ms, 0ms);
  EXPECT_EQ(held.total(), 250ms);
}

TEST_F(watched_thread, begins_anew) {
  look('S', 250ms, 0ms, 0ms);
  held.begin(now, times);
  EXPECT_EQ(held.total(), 0ms);
}

TEST(thread_times, of_a_thread_that_computes_and_one_that_is_blocked) {
  // A name that looks like the end of the name.
  ::pthread_setname_np(::pthread_self(), "a) S (b");
  const auto first = thread_times::of(::pthread_self(), ::gettid());
  EXPECT_EQ(first.state, 'R');
  EXPECT_TRUE(eventually([&] { return thread_times::of(::pthread_self(), ::gettid()).cpu > first.cpu + 5ms; }));

  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::atomic<pid_t> id{0};
  std::thread reader([&] {
    id = ::gettid();
    char byte;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  });
  EXPECT_TRUE(eventually([&] { return id != 0; }));
  EXPECT_TRUE(eventually([&] { return thread_times::of(reader.native_handle(), id).state == 'S'; }));
  EXPECT_EQ(::write(ends[1], "", 1), 1);
  reader.join();
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(thread_times, of_threads_that_want_the_same_processor) {
  if (::access("/proc/self/schedstat", R_OK) != 0) GTEST_SKIP() << "this system does not count it";
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int first = 0;
  while (!CPU_ISSET(first, &allowed)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  std::atomic<pid_t> id{0};
  std::atomic<bool> end{false};
  const auto compute = [&](bool told) {
    EXPECT_EQ(::pthread_setaffinity_np(::pthread_self(), sizeof one, &one), 0);
    if (told) id = ::gettid();
    while (!end.load()) {
    }
  };
  std::thread subject(compute, true), rival(compute, false);
  EXPECT_TRUE(eventually([&] { return id != 0; }));
  const auto before = thread_times::of(subject.native_handle(), id);
  EXPECT_TRUE(eventually([&] { return thread_times::of(subject.native_handle(), id).queued > before.queued + 20ms; }));
  end = true;
  subject.join();
  rival.join();
}

TEST(thread_times, of_a_thread_that_is_not_there) {
  EXPECT_EQ(thread_times::of(::pthread_self(), 0).state, 0);
  EXPECT_EQ(thread_times::of(::pthread_self(), 0).queued, 0ns);
}

}  // namespace
}  // namespace tokengate::lanes
