// A lead with four children. `chain`: leads are submitted by a thread in batches of a thousand. `chain_inside`: one
// token asks for them, each after the one before. `chain_outside`: a thread does, waiting for each.
#include <array>
#include <tuple>
#include <vector>

#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/fiber_channel.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::chains {

TOKENGATE_OPERATION(int, child, (int n)) { return n; }
TOKENGATE_OPERATION(int, lead, (int n), external_calls{child}) {
  const auto [a, b, c, d] = gather(child(n), child(n + 1), child(n + 2), child(n + 3));
  return a + b + c + d;
}
TOKENGATE_OPERATION(long, driver, (std::size_t chains), external_calls{lead}) {
  long sum = 0;
  for (std::size_t i = 0; i < chains; ++i) sum += lead(1).get();
  return sum;
}
TOKENGATE_APPLICATION(application);

namespace {

constexpr std::size_t batch = 1'000;
constexpr int result_of_one = 10;

int tbb_lead(int n) {
  std::array<int, 4> results;
  tbb::task_group group;
  for (int i = 0; i < 4; ++i) group.run([&results, n, i] { results[static_cast<std::size_t>(i)] = n + i; });
  group.wait();
  return results[0] + results[1] + results[2] + results[3];
}

int boost_lead(int n) {
  std::array<boost::fibers::future<int>, 4> children;
  for (int i = 0; i < 4; ++i)
    children[static_cast<std::size_t>(i)] =
        boost::fibers::async(boost::fibers::launch::dispatch, [n, i] { return n + i; });
  int sum = 0;
  for (auto& each : children) sum += each.get();
  return sum;
}

/// `chains()` runs so many and returns the sum of their results.
template <class Chains>
void measure_chains(benchmark::State& state, std::size_t count, Chains chains) {
  bool right = true;
  const auto work = [&] { right = right && chains(count) == static_cast<long>(count) * result_of_one; };
  work();
  const on_last_processor here;
  measure(state, count, work);
  if (!right) state.SkipWithError("wrong sum");
}

template <class Submit>
long in_batches(std::size_t count, Submit submit) {
  std::vector<decltype(submit(std::size_t{0}))> handles;
  long sum = 0;
  for (std::size_t done = 0; done < count; done += batch) {
    handles.clear();
    for (std::size_t i = 0; i < std::min(batch, count - done); ++i) handles.push_back(submit(i));
    for (auto& each : handles) sum += each.get();
  }
  return sum;
}

struct slot_handle {
  result_slot* slot;
  int get() { return slot->get(); }
};

using boost_task = boost::fibers::packaged_task<int()>;

const bool entered = [] {
  enter("chain", "tokengate", [](benchmark::State& state) {
    started cores(1);
    measure_chains(state, items(50'000),
                   [](std::size_t count) { return in_batches(count, [](auto) { return lead(1); }); });
  });
  enter("chain", "tbb", [](benchmark::State& state) {
    tbb_workers rival(1, tbb_caller::beside);
    std::vector<result_slot> slots(batch);
    measure_chains(state, items(50'000), [&](std::size_t count) {
      return in_batches(count, [&](std::size_t i) {
        result_slot* const slot = &slots[i];
        slot->reset();
        rival.arena.enqueue([slot] { slot->set(tbb_lead(1)); });
        return slot_handle{slot};
      });
    });
  });
  enter("chain", "boost_fiber_channel", [](benchmark::State& state) {
    fiber_channel<boost_task> rival(1);
    measure_chains(state, items(10'000), [&](std::size_t count) {
      return in_batches(count, [&](std::size_t) {
        boost_task task([] { return boost_lead(1); });
        auto result = task.get_future();
        rival.submit(std::move(task));
        return result;
      });
    });
  });

  enter("chain_inside", "tokengate", [](benchmark::State& state) {
    started cores(1);
    measure_chains(state, items(50'000), [](std::size_t count) { return driver(count).get(); });
  });
  enter("chain_inside", "tbb", [](benchmark::State& state) {
    tbb_workers rival(1, tbb_caller::among);
    measure_chains(state, items(50'000), [&](std::size_t count) {
      return rival.arena.execute([count] {
        long sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
          int result = 0;
          tbb::task_group group;
          group.run([&result] { result = tbb_lead(1); });
          group.wait();
          sum += result;
        }
        return sum;
      });
    });
  });
  enter("chain_inside", "boost_fiber", [](benchmark::State& state) {
    measure_chains(state, items(10'000), [&](std::size_t count) {
      long sum = 0;
      for (std::size_t i = 0; i < count; ++i)
        sum += boost::fibers::async(boost::fibers::launch::dispatch, boost_lead, 1).get();
      return sum;
    });
  });

  enter("chain_outside", "tokengate", [](benchmark::State& state) {
    started cores(1);
    measure_chains(state, items(10'000), [](std::size_t count) {
      long sum = 0;
      for (std::size_t i = 0; i < count; ++i) sum += lead(1).get();
      return sum;
    });
  });
  enter("chain_outside", "tbb", [](benchmark::State& state) {
    tbb_workers rival(1, tbb_caller::beside);
    measure_chains(state, items(10'000), [&](std::size_t count) {
      long sum = 0;
      result_slot slot;
      for (std::size_t i = 0; i < count; ++i) {
        slot.reset();
        rival.arena.enqueue([&slot] { slot.set(tbb_lead(1)); });
        sum += slot.get();
      }
      return sum;
    });
  });
  enter("chain_outside", "boost_fiber_channel", [](benchmark::State& state) {
    fiber_channel<boost_task> rival(1);
    measure_chains(state, items(2'000), [&](std::size_t count) {
      long sum = 0;
      for (std::size_t i = 0; i < count; ++i) {
        boost_task task([] { return boost_lead(1); });
        auto result = task.get_future();
        rival.submit(std::move(task));
        sum += result.get();
      }
      return sum;
    });
  });
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::chains
