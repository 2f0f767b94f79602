// A fiber made, run and joined. `create_join`: raw fibers; tokens that wait once for another token, and so need a fiber
// to themselves. `create_join_never_waits`: tokens that do not; `fibers` is how many such a token took.
#include <cstddef>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::creation {

TOKENGATE_OPERATION(void, nothing, ()) {}
// Not the maker of what it waits for, so it cannot run that in place: it is suspended until another worker has.
TOKENGATE_OPERATION(void, waits_once, (token<void> other)) { other.get(); }
TOKENGATE_OPERATION(void, many_wait, (std::size_t count), external_calls{nothing, waits_once}) {
  for (std::size_t i = 0; i < count; ++i) waits_once(nothing()).get();
}
TOKENGATE_OPERATION(void, none_waits, (std::size_t count), external_calls{nothing}) {
  for (std::size_t i = 0; i < count; ++i) nothing().get();
}
TOKENGATE_APPLICATION(application);

namespace {

double suspensions_of(coordinator& cores) {
  double sum = 0;
  for (const auto& each : cores.statistics_of_cores()) sum += static_cast<double>(each.suspensions);
  return sum;
}

double workers_of(coordinator& cores) {
  double sum = 0;
  for (const auto& each : cores.statistics_of_cores()) sum += static_cast<double>(each.workers_made);
  return sum;
}

const bool entered = [] {
  enter("create_join", "tokengate", [](benchmark::State& state) {
    started cores(1);
    const std::size_t count = items(100'000);
    std::size_t runs = 0;
    const double before = suspensions_of(*cores);
    measure(state, count, [&] {
      ++runs;
      many_wait(count).get();
    });
    state.counters["suspensions"] = (suspensions_of(*cores) - before) / static_cast<double>(count * runs);
    if (suspensions_of(*cores) - before < static_cast<double>(count * runs)) state.SkipWithError("some did not wait");
  });
  enter("create_join", "boost_fiber", [](benchmark::State& state) {
    const std::size_t count = items(20'000);
    measure(state, count, [&] {
      for (std::size_t i = 0; i < count; ++i) boost::fibers::fiber([] {}).join();
    });
  });
  enter("create_join_never_waits", "tokengate", [](benchmark::State& state) {
    started cores(1);
    const std::size_t count = items(100'000);
    none_waits(count).get();
    const double before = suspensions_of(*cores) + workers_of(*cores);
    measure(state, count, [&] { none_waits(count).get(); });
    state.counters["fibers"] = suspensions_of(*cores) + workers_of(*cores) - before;
  });
  enter("create_join_never_waits", "boost_fiber", [](benchmark::State& state) {
    const std::size_t count = items(20'000);
    measure(state, count, [&] {
      for (std::size_t i = 0; i < count; ++i) boost::fibers::async(boost::fibers::launch::dispatch, [] {}).get();
    });
    state.counters["fibers"] = static_cast<double>(count);
  });
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::creation
