// The predecessor's own benchmark: waves of 4, 8, ... 65,536 no-op tokens, two light, one medium and one heavy in turn;
// each wave is submitted by a thread and then asked for. 131,068 in all, on all cores.
#include <future>
#include <string>
#include <vector>

#include <boost/fiber/future.hpp>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/rivals/fiber_channel.h>
#include <tokengate/benchmarks/rivals/mutex_pool.h>
#include <tokengate/benchmarks/rivals/tbb_workers.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::waves {

TOKENGATE_OPERATION(int, light, (int n), weight::light) { return n; }
TOKENGATE_OPERATION(int, medium, (int n), weight::medium) { return n; }
TOKENGATE_OPERATION(int, heavy, (int n), weight::heavy) { return n; }
TOKENGATE_APPLICATION(application);

namespace {

unsigned all_cores() { return coordinator().cores(); }

template <class Submit>
void measure_waves(benchmark::State& state, Submit submit) {
  bool right = true;
  const auto work = [&] {
    for (int size = 4; size <= (quick() ? 1'024 : 65'536); size *= 2) {
      std::vector<decltype(submit(0))> handles;
      handles.reserve(static_cast<std::size_t>(size));
      for (int i = 0; i < size; ++i) handles.push_back(submit(i));
      for (int i = 0; i < size; ++i) right = right && handles[static_cast<std::size_t>(i)].get() == i;
    }
  };
  measure(state, 1, work, std::chrono::milliseconds(1));
  if (!right) state.SkipWithError("wrong results");
}

template <class Pool, class Task>
void measure_pool(benchmark::State& state) {
  Pool rival(all_cores());
  measure_waves(state, [&](int n) {
    Task task([n] { return n; });
    auto result = task.get_future();
    rival.submit(std::move(task));
    return result;
  });
}

struct slot_handle {
  result_slot* slot;
  int get() { return slot->get(); }
};

const bool entered = [] {
  enter("waves", "tokengate", [](benchmark::State& state) {
    started cores(0);
    measure_waves(state, [](int n) { return n % 4 < 2 ? light(n) : n % 4 == 2 ? medium(n) : heavy(n); });
  });
  enter("waves", "tbb", [](benchmark::State& state) {
    tbb_workers rival(all_cores(), tbb_caller::beside);
    std::vector<result_slot> slots(65'536);
    measure_waves(state, [&](int n) {
      result_slot* const slot = &slots[static_cast<std::size_t>(n)];
      slot->reset();
      rival.arena.enqueue([slot, n] { slot->set(n); });
      return slot_handle{slot};
    });
  });
  using boost_task = boost::fibers::packaged_task<int()>;
  using std_task = std::packaged_task<int()>;
  enter("waves", "boost_fiber_channel", measure_pool<fiber_channel<boost_task>, boost_task>);
  enter("waves", "mutex_pool", measure_pool<mutex_pool<std_task>, std_task>);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::waves
