#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/simulated_core.h>
#include <tokengate/lanes/simulation.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::node;
using detail::waiter;
using context = fiber_scheduler::context;
using clock = waiter::clock;

context* simulated_scheduler::pick_next() noexcept { return simulation_.pick(); }

simulated_core::simulated_core(runtime& shared, unsigned index, simulation& whole)
    : core(shared, index, new simulated_scheduler(*this, whole), std::make_unique<io::simulated_poller>(whole)),
      simulation_(whole),
      files_(static_cast<io::simulated_poller&>(events())) {}

// --- what tokens do here
// ----------------------------------------------------------------------------------------------

void simulated_core::suspend(waiter& party) noexcept {
  simulation_.note(*this, trace_event::waits, running(), static_cast<std::uint8_t>(party.kind));
  core::suspend(party);
  simulation_.note(*this, trace_event::goes_on, running(), static_cast<std::uint8_t>(party.reason()));
}

void simulated_core::suspend_until(waiter& party) noexcept {
  simulation_.note(*this, trace_event::waits, running(), static_cast<std::uint8_t>(party.kind));
  core::suspend_until(party);
  simulation_.note(*this, trace_event::goes_on, running(), static_cast<std::uint8_t>(party.reason()));
}

void simulated_core::yield() noexcept {
  simulation_.note(*this, trace_event::yields, running());
  simulation_.point(*this);
  core::yield();
}

void simulated_core::checkpoint() noexcept { simulation_.point(*this); }

void simulated_core::spawn(node& child, std::uint64_t) {
  simulation_.leave_out_times(child);
  const auto id = simulation_.next_id();
  const std::uint32_t operation = child.operation;
  simulation_.hold();  // what threads submit meanwhile comes first
  core::spawn(child, id);
  simulation_.note(*this, trace_event::spawned, id, operation);
  if (simulation_.switches_at_calls()) simulation_.point(*this);
}

/// In reality the child may have been taken by another core just before, or the stack may be too full.
bool simulated_core::run_inline(node& child) noexcept {
  const auto id = child.id();
  const std::uint32_t operation = child.operation;
  simulation_.point(*this);
  if (simulation_.draw(4) == 0) {
    simulation_.note(*this, trace_event::not_placed, id, operation);
    return false;
  }
  if (!core::run_inline(child)) return false;
  simulation_.note(*this, trace_event::in_place, id, operation);
  return true;
}

clock::time_point simulated_core::now() const noexcept { return simulation_.read_clock(); }

// --- who runs
// ---------------------------------------------------------------------------------------------------------

/// As core::work(), with a look at the other cores before each token is taken and before it is begun.
void simulated_core::work(unsigned number) noexcept {
  const auto* const top = static_cast<const std::byte*>(__builtin_frame_address(0));
  worker self{context::active(), top - runtime_.settings.stack_size / 2, number};
  self.enter(all_workers_);
  current_worker_ = &self;
  for (;;) {
    simulation_.point(*this);
    if (node* const token = next()) {
      const auto id = token->id();
      const std::uint32_t operation = token->operation;
      simulation_.note(*this, trace_event::begun, id, operation);
      simulation_.point(*this);
      execute(*token);
      simulation_.note(*this, trace_event::ended, id, operation);
      between_tokens(self);
    } else if (runtime_.finished.load(std::memory_order_acquire)) {
      break;
    } else {
      rest(self);
    }
  }
  self.leave();
  free_numbers_.push_back(number);
  --workers_;
  --active_;
  current_worker_ = nullptr;
  simulation_.worker_ended();
}

unsigned simulated_core::first_victim() noexcept {
  return static_cast<unsigned>(simulation_.draw(runtime_.cores.size()));
}

/// Real time would only say how fast the simulation is.
std::uint64_t simulated_core::cost(std::uint64_t) noexcept { return 1 + (std::uint64_t{1} << simulation_.draw(20)); }

stack_pool& simulated_core::stacks() noexcept { return simulation_.stacks(); }

bool simulated_core::can_run(bool loot) const noexcept {
  if (standing_back_ != nullptr || scheduler_->has_ready_fibers() || scheduler_->outside_pending()) return true;
  if ((modes_.load(std::memory_order_relaxed) & mode_attention) != 0 || due() <= simulation_.now()) return true;
  if (runtime_.finished.load(std::memory_order_relaxed) && idle_workers_ != nullptr) return true;
  return has_room() && (loot ? has_work() : has_own_work());
}

clock::time_point simulated_core::due() const noexcept {
  const auto files = files_.pending() ? files_.due() : clock::time_point::max();
  return timers_.empty() ? files : std::min(files, timers_.begin()->deadline);
}

context* simulated_core::next_fiber() noexcept {
  if (standing_back_ != nullptr) return std::exchange(standing_back_, nullptr);
  poll();
  scheduler_->take_outside();
  if (context* const ready = scheduler_->next_ready()) return ready;
  return idle_worker_for_work();
}

bool simulated_core::needs_worker() const noexcept { return has_room() && idle_workers_ == nullptr && has_work(); }

void simulated_core::stand_back() noexcept {
  context* const self = context::active();
  standing_back_ = self;
  const exception_state mine(*exceptions_);
  context* const next = simulation_.pick();
  if (next != self) next->resume();
}

}  // namespace tokengate::lanes
