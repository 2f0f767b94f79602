// fib without a cut-off, nanoseconds per call. `fib`: of the two calls the first is a token and the second an ordinary
// call, as in oneTBB's own example (and as lace, rayon and libfork do it). `fib_tokens`: both are tokens.
#include <string>

#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::fibonacci {

TOKENGATE_DECLARE(int, fib, (int n));

int fib_here(int n) {
  if (n < 2) return n;
  auto first = fib(n - 1);
  const int second = fib_here(n - 2);
  return first.get() + second;
}
TOKENGATE_DEFINE(int, fib, (int n)) { return fib_here(n); }

TOKENGATE_OPERATION(int, fib_tokens, (int n)) {
  if (n < 2) return n;
  auto first = fib_tokens(n - 1), second = fib_tokens(n - 2);
  const int of_second = second.get();
  return first.get() + of_second;
}
TOKENGATE_APPLICATION(application);

namespace {

int tbb_fib(int n) {
  if (n < 2) return n;
  int first = 0;
  tbb::task_group group;
  group.run([&first, n] { first = tbb_fib(n - 1); });
  const int second = tbb_fib(n - 2);
  group.wait();
  return first + second;
}

int tbb_fib_tasks(int n) {
  if (n < 2) return n;
  int first = 0, second = 0;
  tbb::task_group group;
  group.run([&first, n] { first = tbb_fib_tasks(n - 1); });
  group.run([&second, n] { second = tbb_fib_tasks(n - 2); });
  group.wait();
  return first + second;
}

int boost_fib(int n) {
  if (n < 2) return n;
  auto first = boost::fibers::async(boost::fibers::launch::dispatch, boost_fib, n - 1);
  const int second = boost_fib(n - 2);
  return first.get() + second;
}

int boost_fib_fibers(int n) {
  if (n < 2) return n;
  auto first = boost::fibers::async(boost::fibers::launch::dispatch, boost_fib_fibers, n - 1);
  auto second = boost::fibers::async(boost::fibers::launch::dispatch, boost_fib_fibers, n - 2);
  return first.get() + second.get();
}

int plain_fib(int n) { return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2); }

template <class Fib>
void measure_fib(benchmark::State& state, int n, Fib fib_of) {
  if (quick()) n = 12;
  const int expected = plain_fib(n);
  const auto calls = static_cast<std::size_t>(2 * plain_fib(n + 1) - 1);
  bool right = true;
  measure(state, calls, [&] { right = right && fib_of(n) == expected; });
  if (!right) state.SkipWithError("wrong result");
}

const bool entered = [] {
  for (const unsigned workers : {1u, 2u}) {
    const std::string suffix = '_' + std::to_string(workers);
    enter("fib" + suffix, "tokengate", [workers](benchmark::State& state) {
      started cores(workers);
      measure_fib(state, 27, [](int n) { return fib(n).get(); });
    });
    enter("fib_tokens" + suffix, "tokengate", [workers](benchmark::State& state) {
      started cores(workers);
      measure_fib(state, 27, [](int n) { return fib_tokens(n).get(); });
    });
    enter("fib" + suffix, "tbb", [workers](benchmark::State& state) {
      tbb_workers rival(workers, tbb_caller::among);
      measure_fib(state, 27, [&](int n) { return rival.arena.execute([n] { return tbb_fib(n); }); });
    });
    enter("fib_tokens" + suffix, "tbb", [workers](benchmark::State& state) {
      tbb_workers rival(workers, tbb_caller::among);
      measure_fib(state, 27, [&](int n) { return rival.arena.execute([n] { return tbb_fib_tasks(n); }); });
    });
  }
  enter("fib_1", "boost_fiber", [](benchmark::State& state) { measure_fib(state, 18, boost_fib); });
  enter("fib_tokens_1", "boost_fiber", [](benchmark::State& state) { measure_fib(state, 18, boost_fib_fibers); });
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::fibonacci
