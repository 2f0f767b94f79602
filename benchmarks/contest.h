// What every speed benchmark shares: contenders of the same work under one row, measured alike.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <tokengate/benchmarks/placement.h>
#include <tokengate/lanes/coordinator.h>

namespace tokengate::benchmarks {

using stopwatch = std::chrono::steady_clock;

/// Enters `<row>/<name>` into the contest; called before main(). `rounds`: how often a repetition measures the work.
void enter(std::string row, std::string name, std::function<void(benchmark::State&)> work, int rounds = 3);

/// `--quick`: everything runs, once and with few items; the figures mean nothing.
[[nodiscard]] bool quick() noexcept;
/// How many items to do: all, or a hundredth when quick.
[[nodiscard]] std::size_t items(std::size_t all) noexcept;

/// Takes `--quick` from the arguments, registers all contenders with Google Benchmark and runs it.
int hold_contests(int count, char** arguments);

/// Measures `work`, which does `done` items, once per round, after one round that is not measured (pools fill, threads
/// start, memory is touched). Sets the counter `value`: the median round's time per item, in `unit`.
template <class Work>
void measure(benchmark::State& state, std::size_t done, Work&& work,
             std::chrono::nanoseconds unit = std::chrono::nanoseconds(1), bool warm_up = true) {
  if (warm_up) work();
  std::vector<double> rounds;
  for (auto _ : state) {
    const auto start = stopwatch::now();
    work();
    const std::chrono::duration<double> taken = stopwatch::now() - start;
    state.SetIterationTime(taken.count());
    rounds.push_back(taken / unit / static_cast<double>(done));
  }
  std::nth_element(rounds.begin(), rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2), rounds.end());
  state.counters["value"] = rounds[rounds.size() / 2];
}

/// Takes the time of each of `samples` calls of `work` per round, or of as many as can be made in 0.3 s; `before` each,
/// not measured. Sets `p50` and `p99` in nanoseconds. About 9 ns of each is the reading of the clock.
void measure_each(benchmark::State& state, std::size_t samples, const std::function<void()>& work,
                  const std::function<void()>& before = {});

/// A coordinator with default options but for its number of cores, started.
class started {
 public:
  explicit started(unsigned cores);
  coordinator& operator*() noexcept { return cores_; }
  coordinator* operator->() noexcept { return &cores_; }

 private:
  coordinator cores_;
};

/// Resident memory of this process in bytes.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace tokengate::benchmarks
