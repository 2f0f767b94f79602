// The place of a coordinator: leads to its present runtime.
#pragma once

#include <atomic>
#include <mutex>

#include <tokengate/core/error.h>
#include <tokengate/core/place.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

/// Lives as long as the coordinator, so that a coordinator::scope outlasts a restart.
class entrance final : public detail::place {
 public:
  /// Once this has returned nobody but submit() uses the runtime before.
  void lead_to(runtime* present) noexcept {
    const std::scoped_lock lock(control_);
    present_.store(present, std::memory_order_release);
  }

  // A token that has not ended keeps its runtime; so if this finds none, it was another's, and has ended.
  void note_ended_outside(const detail::node& token, token_state end) noexcept override {
    const std::scoped_lock lock(control_);
    if (runtime* const present = present_.load(std::memory_order_relaxed)) present->note_ended_outside(token, end);
  }
  void attend() noexcept override {
    const std::scoped_lock lock(control_);
    if (runtime* const present = present_.load(std::memory_order_relaxed)) present->attend();
  }

 private:
  void submit(detail::node& token, std::uint64_t id) override {
    // Acquire: the runtime is set up. It stays until this thread has left (place::wait_until_left).
    runtime* const present = present_.load(std::memory_order_acquire);
    if (present == nullptr) throw coordinator_stopped("this coordinator does not run; call start() first");
    present->submit(token, id);
  }

  std::mutex control_;
  std::atomic<runtime*> present_{nullptr};  // written under control_; release with a new one, acquire by submit()
};

}  // namespace tokengate::lanes
