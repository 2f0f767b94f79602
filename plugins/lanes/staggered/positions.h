// Where staggered tokens go: the position rule of the origins, number by number.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>
#include <tokengate/lanes/lane.h>

namespace tokengate::lanes {

/// Cores are counted from 1 here, as the rule does. Heavy tokens may go to core 1; medium ones to 2 .. n, light ones to
/// 3 .. n, or to the last core where there are not so many. Every core has a counter that starts at (core - 1) *
/// workers. Of the cores that a token may go to the one with the lowest counter gets it, the lowest of them at a draw;
/// its position is
///     (core - 1) * workers + counter mod active + (counter div active) * total
/// with total = cores * workers and `active` = how many workers of that core are active; then the counter goes up by
/// one. The worker is position mod total. Any thread; lock-free.
class positions {
 public:
  explicit positions(const lane_setup& setup)
      : cores_(setup.cores), workers_(setup.workers), of_core_(std::make_unique<line[]>(setup.cores)) {
    for (unsigned i = 0; i < cores_; ++i) {
      of_core_[i].counter.store(std::uint64_t{i} * workers_, std::memory_order_relaxed);
      of_core_[i].active.store(workers_, std::memory_order_relaxed);
    }
  }

  std::uint64_t next(weight what) noexcept {
    for (;;) {
      unsigned chosen = first(what);
      auto lowest = of_core_[chosen].counter.load(std::memory_order_relaxed);
      for (unsigned i = chosen + 1; i <= last(what); ++i) {
        const auto counter = of_core_[i].counter.load(std::memory_order_relaxed);
        if (counter < lowest) {
          lowest = counter;
          chosen = i;
        }
      }
      // Counters only grow. So if the chosen one has not changed, it still is the lowest, whatever the others have done
      // since: threads that come at once get the positions that they would get one after the other. Relaxed: a position
      // carries no other data.
      if (!of_core_[chosen].counter.compare_exchange_weak(lowest, lowest + 1, std::memory_order_relaxed)) continue;
      const unsigned active = this->active(chosen);
      return std::uint64_t{chosen} * workers_ + lowest % active +
             (lowest / active) * (std::uint64_t{cores_} * workers_);
    }
  }

  destination route(const detail::node& token) noexcept {
    const auto worker = static_cast<unsigned>(next(token.tags.weight) % (std::uint64_t{cores_} * workers_));
    return {worker / workers_, worker % workers_};
  }

  /// Of one core, by its index from 0. Relaxed: who still sees the old number is redirected by the core's lane, or
  /// sends a token to a worker that has just ceased to be active, where it is served all the same.
  [[nodiscard]] unsigned active(unsigned core) const noexcept {
    return of_core_[core].active.load(std::memory_order_relaxed);
  }
  void set_active(unsigned core, unsigned workers) noexcept {
    of_core_[core].active.store(std::clamp(workers, 1u, workers_), std::memory_order_relaxed);
  }

  [[nodiscard]] unsigned workers() const noexcept { return workers_; }

 private:
  struct alignas(64) line {
    std::atomic<std::uint64_t> counter;
    std::atomic<unsigned> active;
  };

  [[nodiscard]] unsigned first(weight what) const noexcept {
    const unsigned wanted = what == weight::heavy ? 0 : what == weight::medium ? 1 : 2;
    return std::min(wanted, cores_ - 1);
  }
  [[nodiscard]] unsigned last(weight what) const noexcept { return what == weight::heavy ? 0 : cores_ - 1; }

  const unsigned cores_, workers_;
  const std::unique_ptr<line[]> of_core_;
};

}  // namespace tokengate::lanes
