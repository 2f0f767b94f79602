// The poller of a simulated core: files take as long as the simulation's seed says.
#pragma once

#include <cstdint>
#include <semaphore>
#include <vector>

#include <tokengate/io/poller.h>

namespace tokengate::io {

/// What a simulation decides for its files.
class io_timing {
 public:
  io_timing() = default;
  io_timing(const io_timing&) = delete;
  io_timing& operator=(const io_timing&) = delete;

  [[nodiscard]] virtual poller::deadline now() const noexcept = 0;
  [[nodiscard]] virtual std::chrono::nanoseconds latency() noexcept = 0;
  /// Whether an operation takes effect when it is started, rather than when it ends.
  [[nodiscard]] virtual bool at_once() noexcept = 0;

 protected:
  ~io_timing() = default;
};

/// Makes the calls to the kernel itself, which are expected not to block, and tells of their end when their time has
/// come. Everything happens on the thread of the simulation.
class simulated_poller final : public core_poller {
 public:
  explicit simulated_poller(io_timing& timing) noexcept : core_poller(simulated{}), timing_(timing) {}

  unsigned poll() noexcept override;
  [[nodiscard]] bool pending() const noexcept override { return !in_flight_.empty(); }
  void sleep(deadline) noexcept override {}
  void interrupt() noexcept override {}

  void start(request& work) noexcept override;
  void cancel(request& work) noexcept override;
  /// Suspends the fiber for a while; then the whole simulation stands still until the pool has done it.
  void offload(job& work) noexcept override;

  /// When the next operation ends; time_point::max() if there is none.
  [[nodiscard]] deadline due() const noexcept;

 private:
  struct operation {
    request* work;
    deadline started, due;
    bool done;
    int result;
  };
  bool make_call(operation& next) noexcept;

  io_timing& timing_;
  std::vector<operation> in_flight_;  // in the order in which they were started
  std::binary_semaphore offloaded_{0};
};

}  // namespace tokengate::io
