// Counts items that nobody waits for one by one.
#pragma once

#include <atomic>
#include <cstdint>

namespace tokengate::benchmarks {

/// One counter per thread, so that counting costs next to nothing; they outlive their threads, so that the sum only
/// grows. Any thread; a fiber that does not migrate in between.
class tally {
 public:
  static void count() noexcept {
    if (mine_ == nullptr) [[unlikely]]
      enroll();
    mine_->value.store(mine_->value.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  /// Of all threads, since the process began.
  [[nodiscard]] static std::uint64_t total();
  /// Returns when so many are counted. Looks about every 20 microseconds and leaves the processor in between.
  static void wait_for(std::uint64_t total);

 private:
  struct alignas(64) counter {
    std::atomic<std::uint64_t> value{0};  // relaxed: nothing but the number is handed over
  };
  class book;
  static void enroll();

  static constinit thread_local counter* mine_;
};

inline constinit thread_local tally::counter* tally::mine_ = nullptr;

}  // namespace tokengate::benchmarks
