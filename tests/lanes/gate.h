// Where tokens and threads wait until a test lets them go on.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include <tokengate/core/host.h>
#include <tokengate/core/waiter.h>

namespace tokengate::testing {

/// Closed until open(). A token that waits is suspended and its core drains on; it is unwound when its coordinator
/// stops hard. Like a lock it gives no storage permit back.
class gate {
 public:
  void pass() {
    detail::waiter party;
    {
      const std::scoped_lock lock(mutex_);
      if (open_) return;
      waiting_.push_back(&party);
    }
    if (party.wait() == detail::wake_reason::notified) return;
    bool taken_back = false;
    {
      const std::scoped_lock lock(mutex_);
      taken_back = std::erase(waiting_, &party) != 0;
    }
    if (!taken_back) party.settle(1);
    throw detail::stop_unwind{};
  }

  void open() {
    std::vector<detail::waiter*> released;
    {
      const std::scoped_lock lock(mutex_);
      open_ = true;
      released = std::exchange(waiting_, {});
    }
    for (auto* const party : released) party->notify();
  }

  /// How many wait now.
  [[nodiscard]] std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }

 private:
  mutable std::mutex mutex_;
  bool open_ = false;
  std::vector<detail::waiter*> waiting_;
};

/// Keeps its core busy, without suspending, until a test lets it go on: nothing else runs there meanwhile.
class blockade {
 public:
  /// In the token.
  void hold() noexcept {
    holding_.fetch_add(1);
    lifted_.wait(false);
  }
  void lift() noexcept {
    lifted_.store(true);
    lifted_.notify_all();
  }
  [[nodiscard]] int holding() const noexcept { return holding_.load(); }

 private:
  std::atomic<int> holding_{0};
  std::atomic<bool> lifted_{false};
};

}  // namespace tokengate::testing
