#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <sched.h>

#include <tokengate/benchmarks/core_distance.h>

namespace tokengate::benchmarks {
namespace {

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void stay_on(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

std::chrono::nanoseconds cache_line_round_trip() {
  constexpr int batches = 20, batch = 2'000, rounds = batches * batch;
  const auto cores = allowed_cores();
  if (cores.size() < 2) return {};
  // Odd: the echo's turn. Release and acquire make each side's turn a round trip of one line.
  std::atomic<int> turn{0};
  auto fastest = std::chrono::nanoseconds::max();
  const auto wait_for = [&turn](int value) {
    // Yielding: should both share a processor after all, it takes long, but not for ever.
    for (int looks = 1; turn.load(std::memory_order_acquire) != value; ++looks) {
      if (looks % 100'000 == 0) std::this_thread::yield();
    }
  };
  std::jthread echo([&] {
    stay_on(cores[1]);
    for (int i = 0; i < rounds; ++i) {
      wait_for(2 * i + 1);
      turn.store(2 * i + 2, std::memory_order_release);
    }
  });
  std::jthread caller([&] {
    stay_on(cores[0]);
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) {
      turn.store(2 * i + 1, std::memory_order_release);
      wait_for(2 * i + 2);
      if ((i + 1) % batch != 0) continue;
      // Whatever else wants a processor spoils a batch or two, not all of them.
      const auto now = std::chrono::steady_clock::now();
      fastest = std::min<std::chrono::nanoseconds>(fastest, now - start);
      start = now;
    }
  });
  caller.join();
  return fastest / batch;
}

std::string describe_core_distance() {
  const auto trip = cache_line_round_trip();
  if (trip.count() == 0) return "one core";
  return std::string(trip < std::chrono::nanoseconds(300) ? "near" : "far") +
         " cores (a cache line goes there and back in " + std::to_string(trip.count()) + " ns)";
}

}  // namespace tokengate::benchmarks
