// Resident bytes of a token that has started and waits and of a raw fiber that does; to be
// read from a process that did nothing else.
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include <boost/fiber/condition_variable.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/mutex.hpp>
#include <boost/fiber/operations.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::suspended_memory {

TOKENGATE_OPERATION(void, doze, ()) { this_token::sleep_for(std::chrono::hours(1)); }
TOKENGATE_APPLICATION(application);

namespace {

std::size_t all() { return items(100'000); }

void set_bytes(benchmark::State& state, std::size_t before) {
  state.counters["value"] = static_cast<double>(resident_bytes() - before) / static_cast<double>(all());
}

void with_tokengate(benchmark::State& state) {
  started cores(1);
  for (auto _ : state) {
    const auto start = stopwatch::now();
    const auto before = resident_bytes();
    std::vector<token<void>> tokens;
    for (std::size_t i = 0; i < all(); ++i) tokens.push_back(doze());
    while (cores->statistics_of_cores()[0].suspensions < all())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    set_bytes(state, before);
    cores->stop(std::chrono::nanoseconds(0));
    state.SetIterationTime(std::chrono::duration<double>(stopwatch::now() - start).count());
  }
}

void with_boost(benchmark::State& state) {
  for (auto _ : state) {
    const auto start = stopwatch::now();
    const auto before = resident_bytes();
    boost::fibers::mutex mutex;
    boost::fibers::condition_variable changed;
    bool open = false;
    std::vector<boost::fibers::fiber> fibers;
    for (std::size_t i = 0; i < all(); ++i) {
      fibers.emplace_back([&] {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return open; });
      });
      boost::this_fiber::yield();
    }
    set_bytes(state, before);
    {
      const std::lock_guard lock(mutex);
      open = true;
    }
    changed.notify_all();
    for (auto& each : fibers) each.join();
    state.SetIterationTime(std::chrono::duration<double>(stopwatch::now() - start).count());
  }
}

const bool entered = [] {
  enter("memory_suspended", "tokengate", with_tokengate, 1);
  enter("memory_suspended", "boost_fiber", with_boost, 1);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::suspended_memory
