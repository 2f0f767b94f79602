// Applies the rule of convergence.h to the cores of a coordinator.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <tokengate/core/histogram.h>
#include <tokengate/lanes/convergence.h>

namespace tokengate::lanes {

class runtime;

/// Of one runtime. Reads what the cores count anyway, and tells them and their lanes the new limit.
class converger {
 public:
  using clock = std::chrono::steady_clock;

  /// When the cores are there. `now` is the start.
  converger(runtime& of, clock::time_point now);
  ~converger();

  /// The warden's thread, or that of the simulation with its time: ends a window of every core once it has been
  /// options::converge_every since the last one. Some microseconds then, nothing before, and nothing at all without
  /// options::convergence.
  void look(clock::time_point now) noexcept {
    if (now >= next_look_) end_windows(now);
  }

  /// Any thread.
  [[nodiscard]] std::vector<convergence_status> status() const;

 private:
  struct reading;
  struct watched;

  void end_windows(clock::time_point now) noexcept;
  void end_window(watched& known, unsigned core, clock::time_point now) noexcept;
  void read(unsigned core, clock::time_point now, reading& into) const noexcept;

  runtime& runtime_;
  const clock::time_point start_;
  clock::time_point next_look_;  // who looks only
  std::uint32_t number_ = 0;     // of the present window; the same
  mutable std::mutex mutex_;     // what follows
  std::vector<std::unique_ptr<watched>> watched_;
};

}  // namespace tokengate::lanes
