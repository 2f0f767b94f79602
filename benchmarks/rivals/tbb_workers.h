// A rival: oneTBB with a given number of threads that run tasks.
#pragma once

#include <atomic>
#include <cstddef>

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>

#include <tokengate/benchmarks/placement.h>

namespace tokengate::benchmarks {

/// `beside` the thread that submits, or with it as one of them (inside arena.execute()).
enum class tbb_caller : unsigned char { beside, among };

/// A single worker beside its caller stays on the first processor, as TokenGate's does.
struct tbb_workers {
  explicit tbb_workers(unsigned workers, tbb_caller caller)
      : limit(tbb::global_control::max_allowed_parallelism, workers + (caller == tbb_caller::beside ? 1 : 0)),
        arena(static_cast<int>(workers), caller == tbb_caller::beside ? 0 : 1),
        placement(arena) {
    if (workers == 1 && caller == tbb_caller::beside) placement.observe(true);
  }

  /// oneTBB keeps its threads for later arenas, where they may be anywhere again.
  class placing final : public tbb::task_scheduler_observer {
   public:
    explicit placing(tbb::task_arena& of) : tbb::task_scheduler_observer(of) {
      ::sched_getaffinity(0, sizeof all_, &all_);
    }
    ~placing() override { observe(false); }
    void on_scheduler_entry(bool) override { stay_on_first_processor(); }
    void on_scheduler_exit(bool) override { ::sched_setaffinity(0, sizeof all_, &all_); }

   private:
    cpu_set_t all_;
  };

  tbb::global_control limit;
  tbb::task_arena arena;
  placing placement;
};

/// enqueue() gives no handle: this is where a task leaves its result, and what the caller waits for. Cheaper than a
/// std::promise.
struct result_slot {
  void set(int result) noexcept {
    value = result;
    // Release and acquire: the value comes with the flag.
    done.store(true, std::memory_order_release);
    done.notify_one();
  }
  int get() noexcept {
    done.wait(false, std::memory_order_acquire);
    return value;
  }
  bool ready() const noexcept { return done.load(std::memory_order_acquire); }
  void reset() noexcept { done.store(false, std::memory_order_relaxed); }

  std::atomic<bool> done{false};
  int value = 0;
};

}  // namespace tokengate::benchmarks
