// Very many children at a time: a token spawns them and joins them. `value`: nanoseconds per child. `memory`: resident
// memory one second after, as a multiple of what it was before; to be read from a process that did nothing else.
#include <algorithm>
#include <thread>
#include <vector>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::spawned_memory {

TOKENGATE_OPERATION(void, child, ()) {}
TOKENGATE_OPERATION(void, parent, (std::size_t children), external_calls{child}, domain::preferred) {
  std::vector<token<void>> tokens;
  tokens.reserve(children);
  for (std::size_t i = 0; i < children; ++i) tokens.push_back(child());
  gather(std::move(tokens));
}
TOKENGATE_APPLICATION(application);

namespace {

template <class Family>
void measure_spawned(benchmark::State& state, Family family) {
  const std::size_t count = items(10'000'000);
  family(1'000);
  const auto before = resident_bytes();
  std::vector<double> rounds;
  for (auto _ : state) {
    const auto start = stopwatch::now();
    family(count);
    const std::chrono::nanoseconds taken = stopwatch::now() - start;
    state.SetIterationTime(std::chrono::duration<double>(taken).count());
    rounds.push_back(static_cast<double>(taken.count()) / static_cast<double>(count));
  }
  std::sort(rounds.begin(), rounds.end());
  state.counters["value"] = rounds[rounds.size() / 2];
  std::this_thread::sleep_for(std::chrono::milliseconds(quick() ? 10 : 1'000));
  state.counters["memory"] = static_cast<double>(resident_bytes()) / static_cast<double>(before);
}

const bool entered = [] {
  enter(
      "spawned_10000000", "tokengate",
      [](benchmark::State& state) {
        started cores(1);
        measure_spawned(state, [](std::size_t count) { parent(count).get(); });
      },
      1);
  enter(
      "spawned_10000000", "tbb",
      [](benchmark::State& state) {
        tbb_workers rival(1, tbb_caller::among);
        measure_spawned(state, [&](std::size_t count) {
          rival.arena.execute([count] {
            tbb::task_group group;
            for (std::size_t i = 0; i < count; ++i) group.run([] {});
            group.wait();
          });
        });
      },
      1);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::spawned_memory
