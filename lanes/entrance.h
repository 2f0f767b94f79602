// The place of a coordinator: leads to its present runtime.
#pragma once

#include <atomic>

#include <tokengate/core/error.h>
#include <tokengate/core/place.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

/// Lives as long as the coordinator, so that a coordinator::scope outlasts a restart.
class entrance final : public detail::place {
 public:
  void lead_to(runtime* present) noexcept { present_.store(present, std::memory_order_release); }

 private:
  void submit(detail::node& token) override {
    // Acquire: the runtime is set up. It stays until this thread has left (place::wait_until_left).
    runtime* const present = present_.load(std::memory_order_acquire);
    if (present == nullptr) throw coordinator_stopped("this coordinator does not run; call start() first");
    present->submit(token);
  }

  std::atomic<runtime*> present_{nullptr};
};

}  // namespace tokengate::lanes
