// From a thread to a worker and back, one at a time. `awake`: the caller looks again and again, so the worker finds no
// time to sleep. `blocking`: it waits for the result, back to back. `idle`: the same after a millisecond of silence.
#include <chrono>
#include <future>
#include <thread>

#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/fiber_channel.h>
#include <tokengate/benchmarks/rivals/mutex_pool.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/core/spin_pause.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::round_trips {

TOKENGATE_OPERATION(int, answer, (int n)) { return n + 1; }
TOKENGATE_APPLICATION(application);

namespace {

using boost_task = boost::fibers::packaged_task<int()>;
using std_task = std::packaged_task<int()>;

template <class Ready>
void look_until(Ready ready) {
  while (!ready()) detail::spin_pause();
}

/// `call(i)` returns i + 1 from a worker that exists already.
template <class Call>
void measure_calls(benchmark::State& state, std::size_t samples, Call call, bool after_idling = false) {
  int number = 0;
  bool right = true;
  const auto work = [&] {
    ++number;
    right = right && call(number) == number + 1;
  };
  work();
  const on_last_processor here;
  if (after_idling)
    measure_each(state, samples, work, [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
  else
    measure_each(state, samples, work);
  if (!right) state.SkipWithError("wrong results");
}

void tokengate_awake(benchmark::State& state) {
  started cores(1);
  measure_calls(state, items(20'000), [](int n) {
    auto token = answer(n);
    look_until([&] { return is_terminal(token.state()); });
    return token.get();
  });
}

void tbb_awake(benchmark::State& state) {
  tbb_workers rival(1, tbb_caller::beside);
  result_slot slot;
  measure_calls(state, items(20'000), [&](int n) {
    slot.reset();
    rival.arena.enqueue([&slot, n] { slot.set(n + 1); });
    look_until([&] { return slot.ready(); });
    return slot.value;
  });
}

/// Workers that look, too, and leave the result in a slot: those that sleep cost what the row `blocking` says.
struct slot_task {
  result_slot* slot = nullptr;
  int number = 0;
  void operator()() const noexcept { slot->set(number + 1); }
};

template <class Pool>
void pool_awake(benchmark::State& state) {
  Pool rival(1, false);
  result_slot slot;
  measure_calls(state, items(20'000), [&](int n) {
    slot.reset();
    rival.submit({&slot, n});
    look_until([&] { return slot.ready(); });
    return slot.value;
  });
}

void tokengate_blocking(benchmark::State& state, std::size_t samples, bool idle) {
  started cores(1);
  measure_calls(
      state, samples, [](int n) { return answer(n).get(); }, idle);
}

void tbb_blocking(benchmark::State& state, std::size_t samples, bool idle) {
  tbb_workers rival(1, tbb_caller::beside);
  result_slot slot;
  measure_calls(
      state, samples,
      [&](int n) {
        slot.reset();
        rival.arena.enqueue([&slot, n] { slot.set(n + 1); });
        return slot.get();
      },
      idle);
}

void boost_blocking(benchmark::State& state, std::size_t samples, bool idle) {
  fiber_channel<boost_task> rival(1);
  measure_calls(
      state, samples,
      [&](int n) {
        boost_task task([n] { return n + 1; });
        auto result = task.get_future();
        rival.submit(std::move(task));
        return result.get();
      },
      idle);
}

void mutex_blocking(benchmark::State& state, std::size_t samples, bool idle) {
  mutex_pool<std_task> rival(1);
  measure_calls(
      state, samples,
      [&](int n) {
        std_task task([n] { return n + 1; });
        auto result = task.get_future();
        rival.submit(std::move(task));
        return result.get();
      },
      idle);
}

void std_async_blocking(benchmark::State& state) {
  measure_calls(state, items(1'000), [](int n) { return std::async(std::launch::async, [n] { return n + 1; }).get(); });
}

const bool entered = [] {
  enter("round_trip_awake", "tokengate", tokengate_awake);
  enter("round_trip_awake", "tbb", tbb_awake);
  enter("round_trip_awake", "boost_fiber_channel", pool_awake<fiber_channel<slot_task>>);
  enter("round_trip_awake", "mutex_pool", pool_awake<mutex_pool<slot_task>>);
  for (const bool idle : {false, true}) {
    const char* const row = idle ? "round_trip_idle" : "round_trip_blocking";
    const auto with = [&](const char* name, auto contender, std::size_t samples) {
      const int rounds = idle ? 1 : 3;
      enter(
          row, name,
          [contender, samples, idle](benchmark::State& state) {
            contender(state, items(idle ? std::size_t{200} : samples), idle);
          },
          rounds);
    };
    with("tokengate", tokengate_blocking, 20'000);
    with("tbb", tbb_blocking, 5'000);
    with("boost_fiber_channel", boost_blocking, 2'000);
    with("mutex_pool", mutex_blocking, 2'000);
  }
  enter("round_trip_blocking", "std_async", std_async_blocking);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::round_trips
