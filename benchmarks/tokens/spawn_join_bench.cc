// Inside the runtime: a million children spawned by one parent and joined, at once and by the thousand.
#include <string>
#include <vector>

#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::spawning {

TOKENGATE_OPERATION(void, child, ()) {}
TOKENGATE_OPERATION(void, parent, (std::size_t children, std::size_t together), external_calls{child},
                    domain::preferred) {
  for (std::size_t made = 0; made < children; made += together) {
    std::vector<token<void>> tokens;
    tokens.reserve(together);
    for (std::size_t i = 0; i < together; ++i) tokens.push_back(child());
    gather(std::move(tokens));
  }
}
TOKENGATE_APPLICATION(application);

namespace {

void enter_row(const std::string& row, unsigned workers, std::size_t together) {
  enter(row, "tokengate", [workers, together](benchmark::State& state) {
    started cores(workers);
    const std::size_t part = items(together), children = items(1'000'000) / part * part;
    measure(state, children, [&] { parent(children, part).get(); });
  });
  enter(row, "tbb", [workers, together](benchmark::State& state) {
    tbb_workers rival(workers, tbb_caller::among);
    const std::size_t part = items(together), children = items(1'000'000) / part * part;
    measure(state, children, [&] {
      rival.arena.execute([&] {
        for (std::size_t made = 0; made < children; made += part) {
          tbb::task_group group;
          for (std::size_t i = 0; i < part; ++i) group.run([] {});
          group.wait();
        }
      });
    });
  });
  if (workers != 1) return;
  // On one thread; each child runs at once, otherwise a million stacks would be there at a time.
  enter(row, "boost_fiber", [together](benchmark::State& state) {
    const std::size_t part = items(std::min<std::size_t>(together, 100'000)), children = items(100'000) / part * part;
    measure(state, children, [&] {
      for (std::size_t made = 0; made < children; made += part) {
        std::vector<boost::fibers::future<void>> futures;
        futures.reserve(part);
        for (std::size_t i = 0; i < part; ++i)
          futures.push_back(boost::fibers::async(boost::fibers::launch::dispatch, [] {}));
        for (auto& each : futures) each.get();
      }
    });
  });
}

const bool entered = [] {
  for (const unsigned workers : {1u, 2u}) {
    enter_row("spawn_join_" + std::to_string(workers), workers, 1'000'000);
    enter_row("spawn_join_batched_" + std::to_string(workers), workers, 1'000);
  }
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::spawning
