// From fiber to fiber on one core, nanoseconds per switch: two tokens that yield in turn; two raw fibers that do.
#include <cstddef>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::yields {

/// Who ran last, and how often that changed: the proof that every yield was a switch.
struct turns {
  int last = 0;
  std::size_t changes = 0;
  void take(int who) noexcept {
    changes += last != who;
    last = who;
  }
};

TOKENGATE_OPERATION(void, taker, (turns * shared, int who, std::size_t count)) {
  for (std::size_t i = 0; i < count; ++i) {
    shared->take(who);
    this_token::yield();
  }
}
TOKENGATE_OPERATION(void, pair, (turns * shared, std::size_t count), external_calls{taker}) {
  gather(taker(shared, 1, count), taker(shared, 2, count));
}
TOKENGATE_APPLICATION(application);

namespace {

template <class Pair>
void measure_pair(benchmark::State& state, Pair run_pair) {
  const std::size_t count = items(500'000);
  turns shared;
  std::size_t runs = 0;
  measure(state, 2 * count, [&] {
    ++runs;
    run_pair(&shared, count);
  });
  state.counters["switched"] = static_cast<double>(shared.changes) / static_cast<double>(2 * count * runs);
  if (shared.changes < 2 * count * runs * 9 / 10) state.SkipWithError("not every yield was a switch");
}

const bool entered = [] {
  enter("yield", "tokengate", [](benchmark::State& state) {
    started cores(1);
    measure_pair(state, [](turns* shared, std::size_t count) { pair(shared, count).get(); });
  });
  enter("yield", "boost_fiber", [](benchmark::State& state) {
    measure_pair(state, [](turns* shared, std::size_t count) {
      const auto work = [=](int who) {
        for (std::size_t i = 0; i < count; ++i) {
          shared->take(who);
          boost::this_fiber::yield();
        }
      };
      boost::fibers::fiber one([&] { work(1); }), two([&] { work(2); });
      one.join();
      two.join();
    });
  });
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::yields
