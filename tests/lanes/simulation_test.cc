// Simulated coordinators: the seed decides everything, time costs nothing, and all that runs on real cores runs there.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/wait_any.h>
#include <tokengate/io/blocking.h>
#include <tokengate/io/file.h>
#include <tokengate/lanes/explore.h>
#include <tokengate/lanes/lane.h>

namespace {

using namespace tokengate;
using namespace std::chrono_literals;

TOKENGATE_OPERATION(int, square, (int n)) { return n * n; }

TOKENGATE_OPERATION(int, nap, (int n)) {
  this_token::sleep_for(std::chrono::hours(n));
  return n;
}

TOKENGATE_OPERATION(int, sum_of_squares, (int n), external_calls{square}, domain::preferred) {
  std::vector<token<int>> parts;
  for (int i = 0; i < n; ++i) parts.push_back(square(i));
  int sum = 0;
  for (const int part : gather(std::move(parts))) sum += part;
  return sum;
}

TOKENGATE_OPERATION(std::size_t, read_file, (std::string path), storage_speed::slow) {
  const auto content = io::file::open(path.c_str(), O_RDONLY).read_all();
  return content.size();
}

TOKENGATE_OPERATION(int, slowly, (int n), storage_speed::slow) {
  this_token::sleep_for(1s);
  return n;
}

TOKENGATE_OPERATION(int, within_a_second, (std::chrono::nanoseconds length), timeout{1s}) {
  this_token::sleep_for(length);
  return 1;
}

TOKENGATE_OPERATION(int, spin_until_stopped, ()) {
  // Without the yield nothing else of its core would run, not even the token that is to stop it, as on a real core.
  while (!this_token::stop_requested()) this_token::yield();
  return 1;
}

TOKENGATE_APPLICATION(simulated_application);

options simulated(std::uint64_t seed, unsigned cores) {
  options wanted;
  wanted.simulation = {seed, cores};
  return wanted;
}

struct outcome_of_run {
  std::uint64_t after_get, after_stop;
  bool operator==(const outcome_of_run&) const = default;
};

outcome_of_run run_mixed(std::uint64_t seed, unsigned cores) {
  coordinator running(simulated(seed, cores));
  running.start();
  std::vector<token<int>> some;
  for (int i = 0; i < 10; ++i) some.push_back(sum_of_squares(5));
  for (int i = 0; i < 5; ++i) some.push_back(nap(i));
  auto late = slowly(3);
  gather(std::move(some));
  late.get();
  sum_of_squares(20).get();
  const auto after_get = running.trace_fingerprint();
  nap(5).detach();
  running.stop();
  return {after_get, running.trace_fingerprint()};
}

class simulation_of : public ::testing::TestWithParam<unsigned> {};

TEST_P(simulation_of, cores_goes_the_same_way_with_the_same_seed) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto first = run_mixed(seed, GetParam());
    for (int again = 0; again < 3; ++again) EXPECT_EQ(run_mixed(seed, GetParam()), first);
  }
}

TEST_P(simulation_of, cores_goes_other_ways_with_other_seeds) {
  std::set<std::uint64_t> ways;
  for (std::uint64_t seed = 0; seed < 20; ++seed) ways.insert(run_mixed(seed, GetParam()).after_get);
  EXPECT_EQ(ways.size(), 20u);
}

INSTANTIATE_TEST_SUITE_P(some, simulation_of, ::testing::Values(1u, 2u, 3u, 8u, 128u));

TEST(simulation, goes_the_same_way_in_every_lane) {
  for (const auto& lane : lanes::linked_lanes()) {
    std::vector<std::uint64_t> ways;
    for (int again = 0; again < 3; ++again) {
      options wanted = simulated(5, 4);
      wanted.lane = lane.name;
      coordinator running(wanted);
      running.start();
      std::vector<token<int>> some;
      for (int i = 0; i < 200; ++i) {
        some.push_back(square(i));
        some.push_back(submit(tags{weight::heavy}, [] { return 1; }));
        some.push_back(submit(tags{weight::light}, [] { return 1; }));
      }
      gather(std::move(some));
      ways.push_back(running.trace_fingerprint());
    }
    EXPECT_EQ(ways, std::vector<std::uint64_t>(3, ways.front())) << lane.name;
  }
}

TEST(simulation, uses_all_its_cores) {
  coordinator running(simulated(1, 128));
  running.start();
  for (int i = 0; i < 20; ++i) sum_of_squares(50).get();
  std::vector<token<int>> some;
  for (int i = 0; i < 2000; ++i) some.push_back(square(i));
  gather(std::move(some));
  running.stop();
  const auto cores = running.statistics_of_cores();
  ASSERT_EQ(cores.size(), 128u);
  std::uint64_t used = 0, stolen = 0;
  for (const auto& each : cores) {
    used += each.finished != 0 ? 1 : 0;
    stolen += each.stolen;
  }
  EXPECT_GT(used, 100u);
  EXPECT_GT(stolen, 0u);
}

TEST(simulation, has_a_time_of_its_own) {
  coordinator running(simulated(1, 2));
  running.start();
  auto late = submit([] {
    const auto before = this_token::now();
    this_token::sleep_for(24h * 365);
    return this_token::now() - before;
  });
  const auto passed = late.get();
  EXPECT_GE(passed, 24h * 365);
  EXPECT_LT(passed, 24h * 365 + 1s);
}

TEST(simulation, fires_timers_in_their_order) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    coordinator running(simulated(seed, 3));
    running.start();
    std::vector<int> order;
    std::vector<token<void>> all;
    for (const int hours : {5, 3, 9, 1, 7})
      all.push_back(submit([&order, hours] {
        this_token::sleep_for(std::chrono::hours(hours));
        order.push_back(hours);
      }));
    gather(std::move(all));
    EXPECT_EQ(order, (std::vector{1, 3, 5, 7, 9}));
  }
}

TEST(simulation, gives_the_waits_of_threads_its_time) {
  coordinator running(simulated(1, 2));
  running.start();
  auto slow = nap(48);
  EXPECT_FALSE(slow.wait_for(24h));
  EXPECT_THROW(static_cast<void>(slow.get_for(1h)), wait_timed_out);
  EXPECT_EQ(slow.get_for(24h), 48);
}

TEST(simulation, stands_still_while_no_thread_waits) {
  coordinator running(simulated(1, 2));
  running.start();
  auto one = square(2);
  auto other = square(3);
  EXPECT_EQ(one.state(), token_state::admitted);
  EXPECT_EQ(other.state(), token_state::admitted);
  const auto before = running.trace_fingerprint();
  EXPECT_EQ(running.trace_fingerprint(), before);
  EXPECT_EQ(one.get(), 4);
  EXPECT_NE(running.trace_fingerprint(), before);
  EXPECT_EQ(other.get(), 9);
}

// --- everything else runs, too
// ----------------------------------------------------------------------------------------

/// With a hundred seeds, each twice.
template <class Body>
void expect_always(Body body) {
  for (const unsigned cores : {1u, 4u}) {
    std::vector<std::string> ways;
    for (int again = 0; again < 2; ++again) {
      std::size_t next = 0;
      const auto found = simulation::explore({.count = 100, .cores = cores}, [&](coordinator& running) {
        body(running);
        const auto way = running.trace(1000) + std::to_string(running.trace_fingerprint());
        if (again == 0)
          ways.push_back(way);
        else if (ways[next++] != way)
          throw std::runtime_error("the same seed went another way; before:\n" + ways[next - 1] + "now:\n" + way);
      });
      ASSERT_FALSE(found) << found->what << '\n' << found->trace;
    }
  }
}

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(what);
}

TEST(simulated, wait_any) {
  expect_always([](coordinator&) {
    auto first = submit([] {
      std::vector<token<int>> racers;
      racers.push_back(nap(3));
      racers.push_back(nap(1));
      racers.push_back(nap(2));
      return wait_any(racers);
    });
    require(first.get() == 1, "another one was first");
  });
}

TEST(simulated, storage_permits) {
  expect_always([](coordinator& running) {
    running.set_storage_limit(storage_speed::slow, 2);
    std::vector<token<int>> all;
    for (int i = 0; i < 9; ++i) all.push_back(slowly(i));
    require(gather(std::move(all)).size() == 9, "some are missing");
    require(running.statistics_of(storage_speed::slow).held == 0, "a permit was kept");
  });
}

TEST(simulated, files) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "simulated_file";
  std::ofstream(path) << std::string(10'000, 'x');
  expect_always([&](coordinator&) {
    std::vector<token<std::size_t>> all;
    for (int i = 0; i < 5; ++i) all.push_back(read_file(path.string()));
    for (const auto size : gather(std::move(all))) require(size == 10'000, "the file was not read");
    require(submit([] {
              return io::blocking([] { return std::this_thread::get_id(); }) != std::this_thread::get_id();
            }).get(),
            "a blocking call was made on the simulation's thread");
  });
  std::filesystem::remove(path);
}

TEST(simulated, streams_between_tokens) {
  expect_always([](coordinator&) {
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC) == 0, "no pipe");
    io::file from(ends[0]), to(ends[1]);
    auto reader = submit([&from] {
      std::byte buffer[16];
      return from.read_some(buffer);
    });
    auto writer = submit([&] {
      this_token::sleep_for(1h);
      return ::write(ends[1], "abc", 3) == 3;
    });
    require(writer.get(), "could not write");
    require(reader.get() == 3, "could not read");
  });
}

TEST(simulated, timeouts) {
  expect_always([](coordinator&) {
    require(within_a_second(900ms).get() == 1, "it was in time");
    auto late = within_a_second(24h);
    late.wait();
    require(late.state() == token_state::timeout, "it was late");
  });
}

TEST(simulated, kills) {
  expect_always([](coordinator& running) {
    auto sleeper = nap(1);
    auto spinner = spin_until_stopped();
    auto killer = submit([&] {
      this_token::sleep_for(100us);
      sleeper.kill("enough");
      spinner.kill("enough");
    });
    killer.get();
    sleeper.wait();
    spinner.wait();
    require(sleeper.state() == token_state::killed, "it slept on");
    std::vector<token<int>> many;
    for (int i = 0; i < 10; ++i) many.push_back(nap(i + 1));
    require(running.kill_operation("nap") == 10, "not all were killed");
    for (const auto& each : many) each.wait();
  });
}

TEST(simulated, pausing_and_draining) {
  expect_always([](coordinator& running) {
    running.pause("square");
    auto held = square(3);
    require(!held.wait_for(1h), "it ran while paused");
    require(submit([] { return 1; }).get() == 1, "others run on");
    running.resume("square");
    require(held.get() == 9, "it was lost");
    running.pause();
    auto waiting = square(4);
    require(running.drain() == 1, "one was waiting");
    waiting.wait();
    require(waiting.state() == token_state::killed, "it was drained");
    running.resume();
  });
}

TEST(simulated, back_pressure) {
  simulation::seeds wanted{.count = 50, .cores = 2};
  wanted.with.mailbox_capacity = 2;
  wanted.with.max_waiting = 3;
  const auto found = simulation::explore(wanted, [](coordinator&) {
    std::vector<token<int>> all;
    for (int i = 0; i < 100; ++i) all.push_back(square(i));
    require(gather(std::move(all)).size() == 100, "some are missing");
    require(sum_of_squares(40).get() == 20540, "the sum is wrong");
  });
  EXPECT_FALSE(found) << found->what << '\n' << found->trace;
}

TEST(simulated, stop_that_cancels) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    coordinator running(simulated(seed, 3));
    running.start();
    auto endless = nap(1000);
    auto short_one = nap(1);
    const auto report = running.stop(10h);
    EXPECT_EQ(report.killed, 1u);
    EXPECT_TRUE(report.abandoned.empty());
    EXPECT_EQ(short_one.get(), 1);
    EXPECT_THROW(endless.get(), token_killed);
  }
}

TEST(simulated, threads_that_only_wait) {
  coordinator running(simulated(1, 2));
  running.start();
  auto given = sum_of_squares(10);
  int sum = 0;
  std::thread([&] { sum = given.get(); }).join();
  EXPECT_EQ(sum, 285);
}

TEST(simulated, restarts) {
  coordinator running(simulated(4, 3));
  std::set<std::uint64_t> ways;
  for (int i = 0; i < 3; ++i) {
    running.start();
    EXPECT_EQ(sum_of_squares(10).get(), 285);
    running.stop();
    ways.insert(running.trace_fingerprint());
  }
  EXPECT_EQ(ways.size(), 1u);
}

TEST(simulated, beside_real_cores) {
  coordinator real, running(simulated(4, 3));
  real.start();
  running.start();
  {
    const coordinator::scope here(real);
    EXPECT_EQ(sum_of_squares(10).get(), 285);
    EXPECT_THROW(static_cast<void>(real.trace_fingerprint()), misuse);
  }
  const coordinator::scope here(running);
  EXPECT_EQ(sum_of_squares(10).get(), 285);
}

TEST(simulated, options_are_checked) { EXPECT_THROW(coordinator(simulated(1, 0)), misuse); }

}  // namespace
