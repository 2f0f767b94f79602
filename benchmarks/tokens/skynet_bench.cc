// skynet: every node has ten children, a million leaves, and the sum of their numbers comes back. All children are
// tokens.
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::net {

TOKENGATE_OPERATION(std::uint64_t, skynet, (std::uint64_t first, std::uint64_t leaves)) {
  if (leaves == 1) return first;
  std::array<token<std::uint64_t>, 10> children;
  for (std::uint64_t i = 0; i < 10; ++i) children[i] = skynet(first + i * (leaves / 10), leaves / 10);
  std::uint64_t sum = 0;
  for (std::size_t i = 10; i-- > 0;) sum += children[i].get();  // last to first: the newest child is at hand
  return sum;
}
TOKENGATE_APPLICATION(application);

namespace {

std::uint64_t tbb_skynet(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  std::array<std::uint64_t, 10> sums;
  tbb::task_group group;
  for (std::uint64_t i = 0; i < 10; ++i)
    group.run([&sums, first, leaves, i] { sums[i] = tbb_skynet(first + i * (leaves / 10), leaves / 10); });
  group.wait();
  std::uint64_t sum = 0;
  for (const auto each : sums) sum += each;
  return sum;
}

std::uint64_t boost_skynet(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  std::array<boost::fibers::future<std::uint64_t>, 10> children;
  for (std::uint64_t i = 0; i < 10; ++i)
    children[i] =
        boost::fibers::async(boost::fibers::launch::dispatch, boost_skynet, first + i * (leaves / 10), leaves / 10);
  std::uint64_t sum = 0;
  for (auto& each : children) sum += each.get();
  return sum;
}

/// `share`: part of a million leaves; the time is that of all of them.
template <class Skynet>
void measure_skynet(benchmark::State& state, std::uint64_t share, Skynet skynet_of) {
  const std::uint64_t leaves = (quick() ? 1'000 : 1'000'000) / share;
  bool right = true;
  measure(
      state, 1, [&] { right = right && skynet_of(0, leaves) == leaves * (leaves - 1) / 2; },
      std::chrono::nanoseconds(std::chrono::milliseconds(1)) / share);
  if (!right) state.SkipWithError("wrong sum");
}

const bool entered = [] {
  for (const unsigned workers : {1u, 2u}) {
    const std::string row = "skynet_" + std::to_string(workers);
    enter(row, "tokengate", [workers](benchmark::State& state) {
      started cores(workers);
      measure_skynet(state, 1, [](auto first, auto leaves) { return skynet(first, leaves).get(); });
    });
    enter(row, "tbb", [workers](benchmark::State& state) {
      tbb_workers rival(workers, tbb_caller::among);
      measure_skynet(state, 1, [&](auto first, auto leaves) {
        return rival.arena.execute([first, leaves] { return tbb_skynet(first, leaves); });
      });
    });
  }
  // A tenth of the leaves, or it alone would take as long as all others.
  enter(
      "skynet_1", "boost_fiber", [](benchmark::State& state) { measure_skynet(state, 10, boost_skynet); }, 1);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::net
