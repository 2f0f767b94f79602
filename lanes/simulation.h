// All cores of a coordinator on one thread, with a time of their own; everything that is left to chance comes from a
// seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>

#include <tokengate/core/baton.h>
#include <tokengate/io/simulated_poller.h>
#include <tokengate/lanes/options.h>
#include <tokengate/lanes/trace.h>

namespace tokengate::detail {
class node;
}

namespace tokengate::lanes {

class core;
class runtime;
class simulated_core;
class stack_pool;

/// Of one runtime. Its thread runs one fiber of one core at a time. Whenever a token calls the framework, and between
/// tokens, the seed decides which core goes on. Cores run the same code as real ones; only who sleeps and wakes whom is
/// left out: a core goes on when it has something to do and the seed chooses it.
class simulation final : public io::io_timing {
 public:
  using clock = std::chrono::steady_clock;
  using context = boost::fibers::context;

  simulation(runtime& owner, const simulation_options& wanted);
  ~simulation();

  std::unique_ptr<core> make_core(unsigned index);

  // --- threads outside ----------------------------------------------------------------------------------------------
  /// The calling thread uses this simulation.
  void adopt_thread() { world_->adopt_thread(); }
  /// A token comes in.
  void accept(detail::node& token);
  /// Runs the cores for so long, by their time.
  void run_for(std::chrono::nanoseconds length) noexcept;
  /// Runs the cores until no token is under way, or until that time.
  void run_until_idle(clock::time_point until) noexcept;
  /// The cores are to end, whoever waits.
  void end() noexcept { world_->end(); }
  [[nodiscard]] std::uint64_t fingerprint() const;
  [[nodiscard]] std::string text(std::size_t most) const;

  // --- the thread of the simulation ---------------------------------------------------------------------------------
  /// Its main function; returns when the runtime is finished.
  void run() noexcept;
  /// The fiber to run next. The current core is that of the fiber when it returns.
  context* pick() noexcept;
  /// A place where another core may run first; called in a token, or between two.
  void point(simulated_core& here) noexcept;
  /// Stands still while threads outside are to run.
  void hold() noexcept { world_->hold(); }
  void note(const simulated_core& where, trace_event what, const detail::node* token, std::uint8_t more = 0) noexcept;
  void note(const simulated_core& where, trace_event what, std::uint64_t id, std::uint32_t operation,
            std::uint8_t more = 0) noexcept;
  /// A number below `bound`.
  std::uint64_t draw(std::uint64_t bound) noexcept;
  /// Ids are counted from the same number in every simulation: what tokens do may depend on them.
  std::uint64_t next_id() noexcept { return ++last_id_; }
  [[nodiscard]] stack_pool& stacks() noexcept { return *stacks_; }
  void worker_ended() noexcept { ++workers_ended_; }
  /// Which tokens a sample takes depends on ids of the whole process, and real times say little here.
  void leave_out_times(detail::node& made) const noexcept;
  [[nodiscard]] bool switches_at_calls() const noexcept { return settings_.switch_at_calls; }
  /// Convergence changed the number of workers of a core.
  void note_limit(unsigned core, unsigned workers) noexcept;
  /// How much of the time so far there was nothing to do.
  [[nodiscard]] std::chrono::nanoseconds idle_time() const noexcept { return idle_time_; }
  /// Looking at the clock takes time, too: who looks until it has moved on would look for ever.
  clock::time_point read_clock() noexcept;
  [[nodiscard]] clock::time_point now() const noexcept override { return world_->now(); }
  [[nodiscard]] std::chrono::nanoseconds latency() noexcept override;
  [[nodiscard]] bool at_once() noexcept override { return draw(2) == 0; }

 private:
  class algorithm;
  static constexpr std::uint64_t first_id = std::uint64_t{1} << 40;

  simulated_core* choose() noexcept;
  void idle() noexcept;
  void step() noexcept;
  void set_time(clock::time_point time) noexcept;
  void wait_for_others() noexcept;
  void add(unsigned core, trace_event what, std::uint64_t id, std::uint32_t operation, std::uint8_t more) noexcept;

  runtime& runtime_;
  const simulation_options settings_;
  const std::shared_ptr<detail::baton> world_;
  const clock::time_point start_;
  std::mt19937_64 random_;
  const std::uint64_t switch_one_in_;
  std::unique_ptr<stack_pool> stacks_;  // of all cores
  std::vector<simulated_core*> cores_;
  std::uint64_t last_id_ = first_id;
  mutable std::mutex trace_mutex_;  // events come from the cores and from threads that submit
  trace trace_;

  context* dispatcher_ = nullptr;  // while it does not run
  context* main_ = nullptr;
  simulated_core* in_need_ = nullptr;  // of a worker, which the dispatcher makes
  unsigned workers_ended_ = 0;
  bool over_ = false;
  std::chrono::nanoseconds idle_time_{0};
  std::chrono::nanoseconds stuck_for_{0};  // real time
};

}  // namespace tokengate::lanes
