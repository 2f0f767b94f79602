// How many seeds a second a simulation explores. ./bazelw run //benchmarks:simulation_bench
#include <benchmark/benchmark.h>

#include <tokengate/lanes/explore.h>
#include <tokengate/tokengate.h>

namespace {

using namespace tokengate;

TOKENGATE_OPERATION(int, leaf, (int n)) {
  if (n % 3 == 0) this_token::sleep_for(std::chrono::minutes(n));
  return n;
}

TOKENGATE_OPERATION(int, family, (int n), external_calls{leaf}, domain::preferred) {
  std::vector<token<int>> children;
  for (int i = 0; i < n; ++i) children.push_back(leaf(i));
  int sum = 0;
  for (const int each : gather(std::move(children))) sum += each;
  return sum;
}

TOKENGATE_APPLICATION(simulation_bench);

/// One seed: start, a token with so many children, a third of which sleep, and stop.
void one_seed(benchmark::State& state) {
  simulation::seeds wanted;
  wanted.count = 1;
  wanted.cores = static_cast<unsigned>(state.range(0));
  const auto children = static_cast<int>(state.range(1));
  for (auto _ : state) {
    ++wanted.first;
    const auto found = simulation::explore(
        wanted, [=](coordinator&) { return family(children).get() == children * (children - 1) / 2; });
    if (found) return state.SkipWithError(found->what.c_str());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_seed)
    ->ArgNames({"cores", "children"})
    ->Args({1, 20})
    ->Args({4, 0})
    ->Args({4, 20})
    ->Args({4, 200})
    ->Args({128, 20})
    ->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
