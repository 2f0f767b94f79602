// Submitting from a thread: with a result handle each, and detached.
#include <functional>
#include <future>
#include <string>
#include <vector>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/fiber_channel.h>
#include <tokengate/benchmarks/rivals/mutex_pool.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/benchmarks/tally.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::submitting {

TOKENGATE_OPERATION(int, answer, (int n)) { return n + 1; }
TOKENGATE_OPERATION(void, one, ()) { tally::count(); }
TOKENGATE_APPLICATION(application);

namespace {

constexpr std::size_t batch = 10'000;

/// Batches with handles: `submit(i)` gives a handle whose get() is i + 1. A submitter of one worker has a processor of
/// its own.
template <class Submit>
void with_handles(benchmark::State& state, unsigned workers, std::size_t total, Submit submit) {
  std::vector<decltype(submit(0))> handles;
  handles.reserve(batch);
  const std::size_t batches = std::max<std::size_t>(items(total) / batch, 1);
  const std::size_t size = std::min(items(total), batch);
  long wrong = 0;
  const auto work = [&] {
    for (std::size_t b = 0; b < batches; ++b) {
      for (std::size_t i = 0; i < size; ++i) handles.push_back(submit(static_cast<int>(i)));
      for (std::size_t i = 0; i < size; ++i) wrong += handles[i].get() != static_cast<int>(i) + 1;
      handles.clear();
    }
  };
  if (workers == 1) {
    work();
    const on_last_processor here;
    measure(state, batches * size, work);
  } else {
    measure(state, batches * size, work);
  }
  if (wrong != 0) state.SkipWithError("wrong results");
}

template <class Submit>
void detached(benchmark::State& state, unsigned workers, Submit submit) {
  const std::size_t size = items(100'000);
  const auto work = [&] {
    const auto before = tally::total();
    for (std::size_t i = 0; i < size; ++i) submit();
    tally::wait_for(before + size);
  };
  if (workers == 1) {
    work();
    const on_last_processor here;
    measure(state, size, work);
  } else {
    measure(state, size, work);
  }
}

/// oneTBB has no handles: the slots are made beforehand, for all.
struct slot_handle {
  result_slot* slot;
  int get() { return slot->get(); }
};

void enter_handles(unsigned workers) {
  const std::string row = "submit_handle_" + std::to_string(workers);
  enter(row, "tokengate", [workers](benchmark::State& state) {
    started cores(workers);
    with_handles(state, workers, 200'000, [](int i) { return answer(i); });
  });
  enter(row, "tbb", [workers](benchmark::State& state) {
    tbb_workers rival(workers, tbb_caller::beside);
    std::vector<result_slot> slots(batch);
    with_handles(state, workers, 200'000, [&](int i) {
      result_slot* const slot = &slots[static_cast<std::size_t>(i)];
      slot->reset();
      rival.arena.enqueue([slot, i] { slot->set(i + 1); });
      return slot_handle{slot};
    });
  });
  enter(row, "boost_fiber_channel", [workers](benchmark::State& state) {
    fiber_channel<boost::fibers::packaged_task<int()>> rival(workers);
    with_handles(state, workers, 50'000, [&](int i) {
      boost::fibers::packaged_task<int()> task([i] { return i + 1; });
      auto result = task.get_future();
      rival.submit(std::move(task));
      return result;
    });
  });
  enter(row, "mutex_pool", [workers](benchmark::State& state) {
    mutex_pool<std::packaged_task<int()>> rival(workers);
    with_handles(state, workers, 50'000, [&](int i) {
      std::packaged_task<int()> task([i] { return i + 1; });
      auto result = task.get_future();
      rival.submit(std::move(task));
      return result;
    });
  });
}

const bool entered = [] {
  for (const unsigned workers : {1u, 2u}) enter_handles(workers);
  // On the submitting thread itself, at once: what raw Boost.Fiber does best.
  enter("submit_handle_1", "boost_fiber_async", [](benchmark::State& state) {
    with_handles(state, 1, 20'000,
                 [](int i) { return boost::fibers::async(boost::fibers::launch::dispatch, [i] { return i + 1; }); });
  });
  enter("submit_handle_2", "std_async", [](benchmark::State& state) {
    with_handles(state, 2, 1'000, [](int i) { return std::async(std::launch::async, [i] { return i + 1; }); });
  });
  for (const unsigned workers : {1u, 2u}) {
    const std::string row = "submit_detached_" + std::to_string(workers);
    enter(row, "tokengate", [workers](benchmark::State& state) {
      started cores(workers);
      detached(state, workers, [] { one().detach(); });
    });
    enter(row, "tbb", [workers](benchmark::State& state) {
      tbb_workers rival(workers, tbb_caller::beside);
      detached(state, workers, [&] { rival.arena.enqueue([] { tally::count(); }); });
    });
    enter(row, "boost_fiber_channel", [workers](benchmark::State& state) {
      fiber_channel<void (*)()> rival(workers);
      detached(state, workers, [&] { rival.submit(&tally::count); });
    });
    enter(row, "mutex_pool", [workers](benchmark::State& state) {
      mutex_pool<std::function<void()>> rival(workers);
      detached(state, workers, [&] { rival.submit([] { tally::count(); }); });
    });
  }
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::submitting
