// What it costs to look at a coordinator: its counters, its cores, its last executions, after many tokens.
// ./bazelw run //benchmarks:statistics_bench
#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/lanes/coordinator.h>

namespace tokengate {
namespace {

// Sixteen operations, all with times taken: a program of a sensible size.
#define TOKENGATE_ROW_OF(name)                                                   \
  TOKENGATE_OPERATION(std::uint64_t, name, (unsigned n)) {                       \
    std::uint64_t value = n;                                                     \
    for (unsigned i = 0; i < n % 512; ++i) benchmark::DoNotOptimize(value += i); \
    return value;                                                                \
  }
TOKENGATE_ROW_OF(a0)
TOKENGATE_ROW_OF(a1)
TOKENGATE_ROW_OF(a2)
TOKENGATE_ROW_OF(a3)
TOKENGATE_ROW_OF(a4)
TOKENGATE_ROW_OF(a5)
TOKENGATE_ROW_OF(a6)
TOKENGATE_ROW_OF(a7)
TOKENGATE_ROW_OF(a8)
TOKENGATE_ROW_OF(a9)
TOKENGATE_ROW_OF(b0)
TOKENGATE_ROW_OF(b1)
TOKENGATE_ROW_OF(b2)
TOKENGATE_ROW_OF(b3)
TOKENGATE_OPERATION(std::uint64_t, leaf, ()) { return 1; }
TOKENGATE_OPERATION(std::uint64_t, many, (std::uint64_t leaves), external_calls{leaf}) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < leaves; ++i) sum += leaf().get();
  return sum;
}
TOKENGATE_APPLICATION(statistics_bench);

template <class... Operation>
void run_some(unsigned rounds, Operation... operation) {
  for (unsigned i = 0; i < rounds; ++i) (operation(i).get(), ...);
}

/// Of the number of tokens that it has run, made once.
coordinator& after(std::uint64_t tokens) {
  static std::unique_ptr<coordinator> system;
  static std::uint64_t run = 0;
  if (system == nullptr) {
    system = std::make_unique<coordinator>();
    system->start();
    run_some(2000, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3);
  }
  if (run < tokens) {
    const std::uint64_t half = (tokens - run) / 2;
    auto first = many(half), second = many(half);
    first.get();
    second.get();
    run = tokens;
  }
  return *system;
}

void statistics(benchmark::State& state) {
  coordinator& system = after(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(system.statistics());
}

void statistics_of_cores(benchmark::State& state) {
  coordinator& system = after(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(system.statistics_of_cores());
}

void recent(benchmark::State& state) {
  coordinator& system = after(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(system.recent());
}
BENCHMARK(recent)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

BENCHMARK(statistics)->Arg(1'000'000)->Arg(100'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(statistics_of_cores)->Arg(1'000'000)->Arg(100'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tokengate

BENCHMARK_MAIN();
