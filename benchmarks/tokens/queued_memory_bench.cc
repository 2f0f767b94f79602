// Resident bytes of a token that has not started, its handle included; to be read from a process that did nothing else.
#include <future>
#include <vector>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/mutex_pool.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::queued_memory {

using flag = std::atomic<bool>;

TOKENGATE_OPERATION(void, hold, (flag * open)) { open->wait(false); }
TOKENGATE_OPERATION(int, answer, (int n)) { return n + 1; }
TOKENGATE_APPLICATION(application);

namespace {

/// `hold(flag)` occupies the only worker until the flag is set; `submit(i)` gives a handle.
template <class Hold, class Submit>
void measure_queued(benchmark::State& state, Hold hold_up, Submit submit) {
  const std::size_t count = items(1'000'000);
  for (auto _ : state) {
    flag open{false};
    auto held = hold_up(open);
    std::vector<decltype(submit(0))> handles;
    const auto start = stopwatch::now();
    const auto before = resident_bytes();
    handles.reserve(count);
    for (std::size_t i = 0; i < count; ++i) handles.push_back(submit(static_cast<int>(i)));
    state.counters["value"] = static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
    open.store(true);
    open.notify_one();
    for (auto& each : handles) each.get();
    held.get();
    state.SetIterationTime(std::chrono::duration<double>(stopwatch::now() - start).count());
  }
}

void with_mutex_pool(benchmark::State& state) {
  mutex_pool<std::packaged_task<int()>> rival(1);
  const auto submit = [&](auto function) {
    std::packaged_task<int()> task(function);
    auto result = task.get_future();
    rival.submit(std::move(task));
    return result;
  };
  measure_queued(
      state,
      [&](flag& open) {
        return submit([&open] {
          open.wait(false);
          return 0;
        });
      },
      [&](int n) { return submit([n] { return n + 1; }); });
}

/// The slot is part of what a task costs; it stands beside.
struct own_slot {
  std::unique_ptr<result_slot> slot = std::make_unique<result_slot>();
  int get() { return slot->get(); }
};

void with_tbb(benchmark::State& state) {
  tbb_workers rival(1, tbb_caller::beside);
  measure_queued(
      state,
      [&](flag& open) {
        own_slot made;
        rival.arena.enqueue([slot = made.slot.get(), &open] {
          open.wait(false);
          slot->set(0);
        });
        return made;
      },
      [&](int n) {
        own_slot made;
        rival.arena.enqueue([slot = made.slot.get(), n] { slot->set(n + 1); });
        return made;
      });
}

const bool entered = [] {
  enter(
      "memory_queued", "tokengate",
      [](benchmark::State& state) {
        started cores(1);
        measure_queued(
            state, [](flag& open) { return hold(&open); }, [](int n) { return answer(n); });
      },
      1);
  enter("memory_queued", "tbb", with_tbb, 1);
  enter("memory_queued", "mutex_pool", with_mutex_pool, 1);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::queued_memory
