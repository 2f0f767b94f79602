// A rival: raw Boost.Fiber beyond one thread. Its fibers cannot be started on another thread, so threads take tasks
// from a buffered_channel, each on its main fiber, with the stock round_robin scheduler.
#pragma once

#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

#include <boost/fiber/buffered_channel.hpp>
#include <boost/fiber/channel_op_status.hpp>

#include <tokengate/benchmarks/placement.h>

namespace tokengate::benchmarks {

/// Task is anything that can be called, such as boost::fibers::packaged_task<int()>. All tasks are run before it is
/// destroyed. A single worker stays on the first processor, as TokenGate's does. With `patient` false the workers look
/// again and again instead of sleeping.
template <class Task>
class fiber_channel {
 public:
  explicit fiber_channel(unsigned workers, bool patient = true) {
    for (unsigned i = 0; i < workers; ++i)
      threads_.emplace_back([this, patient, alone = workers == 1] {
        if (alone) stay_on_first_processor();
        work(patient);
      });
  }
  fiber_channel(const fiber_channel&) = delete;
  fiber_channel& operator=(const fiber_channel&) = delete;
  ~fiber_channel() {
    tasks_.close();
    for (auto& each : threads_) each.join();
  }

  void submit(Task task) { tasks_.push(std::move(task)); }

 private:
  void work(bool patient) {
    using status = boost::fibers::channel_op_status;
    Task task;
    for (;;) {
      const status result = patient ? tasks_.pop(task) : tasks_.try_pop(task);
      if (result == status::closed) return;
      if (result == status::success) task();
    }
  }

  static constexpr std::size_t capacity = 1024;  // as TokenGate's mailboxes
  boost::fibers::buffered_channel<Task> tasks_{capacity};
  std::vector<std::thread> threads_;
};

}  // namespace tokengate::benchmarks
