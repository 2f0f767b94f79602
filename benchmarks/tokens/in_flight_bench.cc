// Very many tokens at a time: all are submitted while the only worker is held up, then it is let go and all are asked
// for. `value`: nanoseconds per token, both phases together. `memory`: resident memory one second after, as a multiple
// of what it was before; to be read from a process that did nothing else.
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/mutex_pool.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::in_flight {

/// Holds up a worker's thread, which sleeps in the kernel meanwhile.
struct barrier_of_one {
  std::atomic<bool> reached{false}, open{false};
  void pass() {
    reached.store(true);
    reached.notify_one();
    open.wait(false);
  }
};

TOKENGATE_OPERATION(void, hold, (barrier_of_one * here)) { here->pass(); }
TOKENGATE_OPERATION(int, answer, (int n)) { return n + 1; }
TOKENGATE_APPLICATION(application);

namespace {

/// `hold(barrier)` occupies the worker, `submit(i)` gives a handle.
template <class Hold, class Submit>
void measure_in_flight(benchmark::State& state, std::size_t count, Hold hold_up, Submit submit) {
  bool right = true;
  const auto flood = [&](std::size_t size, auto begin_clock) {
    barrier_of_one barrier;
    auto held = hold_up(barrier);
    barrier.reached.wait(false);
    std::vector<decltype(submit(std::size_t{0}))> handles;
    handles.reserve(size);
    const auto start = begin_clock();
    for (std::size_t i = 0; i < size; ++i) handles.push_back(submit(i));
    barrier.open.store(true);
    barrier.open.notify_one();
    for (std::size_t i = 0; i < size; ++i) right = right && handles[i].get() == static_cast<int>(i) + 1;
    const auto taken = stopwatch::now() - start;
    held.get();
    return taken;
  };
  const auto floods = std::max<std::size_t>(100'000 / count, 1);
  flood(1'000, stopwatch::now);
  const on_last_processor here;
  const auto before = resident_bytes();
  std::vector<double> rounds;
  for (auto _ : state) {
    std::chrono::nanoseconds taken{0};
    for (std::size_t i = 0; i < floods; ++i) taken += flood(count, stopwatch::now);
    state.SetIterationTime(std::chrono::duration<double>(taken).count());
    rounds.push_back(static_cast<double>(taken.count()) / static_cast<double>(floods * count));
  }
  std::sort(rounds.begin(), rounds.end());
  state.counters["value"] = rounds[rounds.size() / 2];
  if (quick() || count >= 1'000'000) {
    std::this_thread::sleep_for(std::chrono::milliseconds(quick() ? 10 : 1'000));
    state.counters["memory"] = static_cast<double>(resident_bytes()) / static_cast<double>(before);
  }
  if (!right) state.SkipWithError("wrong results");
}

struct slot_handle {
  result_slot* slot;
  int get() { return slot->get(); }
};

void with_tokengate(benchmark::State& state, std::size_t count) {
  started cores(1);
  measure_in_flight(
      state, count, [](barrier_of_one& here) { return hold(&here); },
      [](std::size_t i) { return answer(static_cast<int>(i)); });
}

void with_tbb(benchmark::State& state, std::size_t count) {
  tbb_workers rival(1, tbb_caller::beside);
  std::vector<result_slot> slots(std::max<std::size_t>(count, 1'000));
  result_slot held;
  measure_in_flight(
      state, count,
      [&](barrier_of_one& here) {
        held.reset();
        rival.arena.enqueue([&here, &held] {
          here.pass();
          held.set(0);
        });
        return slot_handle{&held};
      },
      [&](std::size_t i) {
        result_slot* const slot = &slots[i];
        slot->reset();
        rival.arena.enqueue([slot, i] { slot->set(static_cast<int>(i) + 1); });
        return slot_handle{slot};
      });
}

void with_mutex_pool(benchmark::State& state, std::size_t count) {
  mutex_pool<std::packaged_task<int()>> rival(1);
  const auto submit = [&](auto function) {
    std::packaged_task<int()> task(function);
    auto result = task.get_future();
    rival.submit(std::move(task));
    return result;
  };
  measure_in_flight(
      state, count,
      [&](barrier_of_one& here) {
        return submit([&here] {
          here.pass();
          return 0;
        });
      },
      [&](std::size_t i) { return submit([i] { return static_cast<int>(i) + 1; }); });
}

const bool entered = [] {
  for (const std::size_t count : {1'000u, 10'000u, 100'000u, 1'000'000u, 10'000'000u}) {
    const std::string row = "in_flight_" + std::to_string(count);
    const int rounds = count >= 1'000'000 ? 1 : 3;
    const auto with = [&](const char* name, auto contender) {
      enter(
          row, name, [contender, count](benchmark::State& state) { contender(state, items(count)); }, rounds);
    };
    with("tokengate", with_tokengate);
    with("tbb", with_tbb);
    if (count <= 1'000'000) with("mutex_pool", with_mutex_pool);
  }
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::in_flight
