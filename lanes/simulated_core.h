// A core of a simulation: one of many on the same thread, and every call of the framework may let another one run
// first.
#pragma once

#include <tokengate/io/simulated_poller.h>
#include <tokengate/lanes/core.h>

namespace tokengate::lanes {

class simulation;

/// The per-core part of a simulation's scheduler: which fibers are ready. Who runs next the simulation decides.
class simulated_scheduler final : public fiber_scheduler {
 public:
  simulated_scheduler(core& owner, simulation& whole) noexcept : fiber_scheduler(owner), simulation_(whole) {}
  context* pick_next() noexcept override;

 private:
  simulation& simulation_;
};

/// Everything but ready() is called on the thread of the simulation, while this is the current core.
class simulated_core final : public core {
 public:
  simulated_core(runtime& shared, unsigned index, simulation& whole);

  void suspend(detail::waiter& party) noexcept override;
  void suspend_until(detail::waiter& party) noexcept override;
  void yield() noexcept override;
  void checkpoint() noexcept override;
  void spawn(detail::node& child, std::uint64_t id) override;
  bool run_inline(detail::node& child) noexcept override;
  [[nodiscard]] detail::waiter::clock::time_point now() const noexcept override;

  // --- for the simulation -------------------------------------------------------------------------------------------
  void enter() noexcept { make_current(this); }
  static void leave() noexcept { make_current(nullptr); }
  /// Once, by the thread of the simulation.
  void begin() noexcept { exceptions_ = &exception_globals::of_thread(); }

  /// True if the core has something to do now; `loot`: other cores have something to be taken.
  [[nodiscard]] bool can_run(bool loot) const noexcept;
  /// When it will have, if nothing else happens before.
  [[nodiscard]] detail::waiter::clock::time_point due() const noexcept;
  /// The fiber to run next, or null: it needs another worker, or nothing came of it.
  fiber_scheduler::context* next_fiber() noexcept;
  [[nodiscard]] bool needs_worker() const noexcept;
  void made_ready(fiber_scheduler::context* fiber) noexcept { scheduler_->awakened(fiber); }
  void add_worker() { make_worker(); }
  [[nodiscard]] bool ended() const noexcept { return workers_ == 0; }
  /// In the running fiber: other cores run until the seed has this one go on. Nothing else of this core runs meanwhile,
  /// for nothing else would if it were real.
  void stand_back() noexcept;

 private:
  void work(unsigned number) noexcept override;
  unsigned first_victim() noexcept override;
  bool steals_now() noexcept override { return true; }  // nothing here hangs on real time
  std::uint64_t cost(std::uint64_t ticks) noexcept override;
  stack_pool& stacks() noexcept override;

  simulation& simulation_;
  io::simulated_poller& files_;
  fiber_scheduler::context* standing_back_ = nullptr;
};

}  // namespace tokengate::lanes
