// A rival: the pool that one writes by hand. One deque, one mutex, one condition variable.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <tokengate/benchmarks/placement.h>
#include <tokengate/core/spin_pause.h>

namespace tokengate::benchmarks {

/// Task is anything that can be called, such as std::packaged_task<int()>. All tasks are run before it is destroyed.
/// A single worker stays on the first processor, as TokenGate's does.
/// With `patient` false the workers look again and again instead of sleeping.
template <class Task>
class mutex_pool {
 public:
  explicit mutex_pool(unsigned workers, bool patient = true) {
    for (unsigned i = 0; i < workers; ++i)
      threads_.emplace_back([this, patient, alone = workers == 1] {
        if (alone) stay_on_first_processor();
        work(patient);
      });
  }
  mutex_pool(const mutex_pool&) = delete;
  mutex_pool& operator=(const mutex_pool&) = delete;
  ~mutex_pool() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    for (auto& each : threads_) each.join();
  }

  void submit(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void work(bool patient) {
    std::unique_lock lock(mutex_);
    for (;;) {
      while (!patient && !closed_ && tasks_.empty()) {
        lock.unlock();
        detail::spin_pause();
        lock.lock();
      }
      changed_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tokengate::benchmarks
