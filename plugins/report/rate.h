// How fast something goes at the moment, and how long the rest will take.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace tokengate::report {

/// The rate over the last few seconds, from samples of a growing amount. Not thread-safe.
class rate {
 public:
  using clock = std::chrono::steady_clock;

  /// Starts at amount 0.
  explicit rate(clock::time_point start) noexcept;

  /// `done` so far. Samples may come at any pace; those closer than half a second replace each other.
  void sample(clock::time_point now, std::uint64_t done) noexcept;

  /// Amount per second over the remembered samples (about eight seconds); 0 before any time has passed.
  [[nodiscard]] double per_second() const noexcept;

  /// Time for what is left at this rate; nothing while there is no progress to judge from.
  [[nodiscard]] std::optional<std::chrono::seconds> time_left(std::uint64_t total) const noexcept;

 private:
  struct point {
    clock::time_point time;
    std::uint64_t done = 0;
  };
  std::array<point, 16> points_;  // ring: kept_ points that end at last_
  std::size_t last_ = 0;
  std::size_t kept_ = 1;
};

}  // namespace tokengate::report
