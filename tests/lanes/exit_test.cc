// The process may end in a token, and whatever runs.
#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/lanes/coordinator.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;

/// One whose destructor runs in std::exit().
coordinator& made_for_ever(const options& wanted) {
  static coordinator made(wanted);
  made.start();
  return made;
}

void leave(const options& wanted, int status) {
  made_for_ever(wanted);
  submit([] { this_token::sleep_for(24h); }).detach();
  auto child = [status] { std::exit(status); };
  submit([child] {
    this_token::yield();
    submit(child).get();
  }).get();
}

// For sanitizers Boost.Context switches by ucontext, and asserts then that threads do not end in a fiber.
#ifdef BOOST_USE_UCONTEXT
constexpr bool may_end_in_a_fiber = false;
#else
constexpr bool may_end_in_a_fiber = true;
#endif

TEST(exiting_DeathTest, in_a_token_ends_the_process) {
  if (!may_end_in_a_fiber) GTEST_SKIP();
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const unsigned cores : {1u, 2u}) {
    options wanted;
    wanted.cores = cores;
    EXPECT_EXIT(leave(wanted, 7), ::testing::ExitedWithCode(7), "destroyed inside one of its tokens");
  }
}

TEST(exiting_DeathTest, in_a_token_of_a_simulation_ends_the_process) {
  if (!may_end_in_a_fiber) GTEST_SKIP();
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options wanted;
  wanted.simulation = simulation_options{.seed = 1, .cores = 3};
  EXPECT_EXIT(leave(wanted, 8), ::testing::ExitedWithCode(8), "destroyed inside one of its tokens");
}

TEST(exiting_DeathTest, by_a_thread_stops_what_runs) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options wanted;
  wanted.cores = 2;
  wanted.drain_for = 0ns;
  const auto exit_from_main = [&wanted] {
    made_for_ever(wanted);
    submit([] { this_token::sleep_for(24h); }).detach();
    std::exit(9);
  };
  EXPECT_EXIT(exit_from_main(), ::testing::ExitedWithCode(9), "");
}

// The child has the coordinator without its threads.
void leave_in_a_child(const options& wanted) {
  auto& cores = made_for_ever(wanted);
  submit([] { this_token::sleep_for(24h); }).detach();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    const auto report = cores.stop();
    std::exit(report.killed == 0 && report.abandoned.empty() ? 11 : 1);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 11) std::_Exit(2);
  std::_Exit(submit([] { return 10; }).get());
}

TEST(exiting_DeathTest, in_a_forked_process_waits_for_nobody) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options wanted;
  wanted.cores = 2;
  EXPECT_EXIT(leave_in_a_child(wanted), ::testing::ExitedWithCode(10), "");
}

}  // namespace
}  // namespace tokengate
