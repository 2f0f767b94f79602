#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

#include <tokengate/benchmarks/tally.h>

namespace tokengate::benchmarks {

class tally::book {
 public:
  static book& only() {
    static book one;
    return one;
  }
  counter* add() {
    const std::lock_guard lock(mutex_);
    return &counters_.emplace_back();
  }
  std::uint64_t sum() {
    const std::lock_guard lock(mutex_);
    std::uint64_t all = 0;
    for (const auto& each : counters_) all += each.value.load(std::memory_order_relaxed);
    return all;
  }

 private:
  std::mutex mutex_;
  std::deque<counter> counters_;
};

void tally::enroll() { mine_ = book::only().add(); }

std::uint64_t tally::total() { return book::only().sum(); }

void tally::wait_for(std::uint64_t total_wanted) {
  while (total() < total_wanted) std::this_thread::sleep_for(std::chrono::microseconds(20));
}

}  // namespace tokengate::benchmarks
