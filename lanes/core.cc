// Waiting and idling of a core; the way of a token is in execute.cc, the life of a worker in worker.cc.
#include <algorithm>
#include <utility>

#include <sched.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/spin_pause.h>
#include <tokengate/io/poller.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::node;
using detail::waiter;
using detail::wake_reason;

/// What belongs to the fiber that leaves the processor: the tokens it runs, its worker, and its exceptions.
class core::left_state {
 public:
  explicit left_state(core& here) noexcept
      : core_(here), worker_(*std::exchange(here.current_worker_, nullptr)), exceptions_(*here.exceptions_) {
    here.stop_taking();  // a destructor of what was found ended may wait, or yield, while the next token is taken
    worker_.top = std::exchange(here.frame_, nullptr);
  }
  left_state(const left_state&) = delete;
  left_state& operator=(const left_state&) = delete;
  ~left_state() {
    core_.frame_ = std::exchange(worker_.top, nullptr);
    core_.current_worker_ = &worker_;
  }

 private:
  core& core_;
  worker& worker_;
  exception_state exceptions_;
};

core::core(runtime& shared, unsigned index)
    : core(shared, index, new fiber_scheduler(*this), io::make_poller(shared.settings.io_backend)) {}

core::core(runtime& shared, unsigned index, boost::intrusive_ptr<fiber_scheduler> scheduler,
           std::unique_ptr<poller> events)
    : runtime_(shared),
      domains_(shared.domains),
      index_(static_cast<std::uint16_t>(index)),
      realm_(shared.realm),
      max_suspended_(shared.settings.max_suspended),
      lanes_(linked_lanes().size()),
      scheduler_(std::move(scheduler)),
      events_(std::move(events)),
      stacks_(stack_options{.size = shared.settings.stack_size}),
      bound_(shared.settings.max_waiting),
      open_(shared.settings.max_waiting),
      operations_(operation_count() + 1),
      worker_limit_(shared.settings.workers),
      pinned_(shared.pinned_capacity(), shared.slots) {}

core::~core() {
  while (handing_over_.load(std::memory_order_acquire) != 0) ::sched_yield();
}

bool core::offer(node& token, unsigned slot, bool on_credit) noexcept {
  if (token.bound) return pinned_.offer(token, on_credit);
  return lanes_[runtime_.lane_of(token)]->offer(token, slot, on_credit);
}

std::uint64_t core::accepted() const noexcept {
  std::uint64_t sum = pinned_.accepted();
  any_lane([&](const lane& each) { return sum += each.accepted(), false; });
  return sum;
}

std::size_t core::waiting() const noexcept {
  std::size_t sum = pinned_.waiting();
  any_lane([&](const lane& each) { return sum += each.waiting(), false; });
  return sum;
}

std::size_t core::admitted() const noexcept {
  std::size_t sum = pinned_.admitted();
  any_lane([&](const lane& each) { return sum += each.admitted(), false; });
  return sum;
}

std::uint64_t core::finished() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : operations_) sum += each.tokens.load(std::memory_order_acquire);
  return sum;
}

std::uint64_t core::killed() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : operations_)
    sum += each.killed.load(std::memory_order_relaxed) + each.timeouts.load(std::memory_order_relaxed);
  return sum;
}

bool core::wake() noexcept {
  // acq_rel: of several wakers one interrupts, and what they published is seen by the core that wakes.
  if (!asleep_.load(std::memory_order_relaxed) || !asleep_.exchange(false, std::memory_order_acq_rel)) return false;
  events_->interrupt();
  return true;
}

bool core::cancelling() const noexcept { return runtime_.hard_stop.load(std::memory_order_relaxed); }

// --- waiting
// ----------------------------------------------------------------------------------------------------------

void core::prepare(waiter& party) noexcept { party.fiber = current_worker_->context; }

void core::suspend(waiter& party) noexcept { suspend(party, false); }

void core::suspend_until(waiter& party) noexcept { suspend(party, true); }

void core::suspend(waiter& party, bool timed) noexcept {
  const node* const token = running();
  if (token != nullptr && !party.shielded) {
    if (detail::must_stop() && party.decide(wake_reason::cancelled)) {
      detail::add_relaxed(counters_.cancelled_waits);
      return;
    }
    if (token->dated) {  // its own deadline ends every wait of a token
      const auto own = detail::deadline_of(*token);
      party.late = !timed || own < party.deadline;
      if (party.late) party.deadline = own;
      timed = true;
    }
  }
  if (timed) timers_.insert(party);
  party.token = running();
  party.serial = counters_.suspensions.load(std::memory_order_relaxed);
  worker& self = *current_worker_;
  self.parked = &party;
  {
    const left_state mine(*this);
    detail::add_relaxed(counters_.suspensions);
    --active_;
    ++suspended_;
    scheduler_->switch_away(*self.context);
    --suspended_;
    ++active_;
  }
  self.parked = nullptr;
  if (party.timer_hook.is_linked()) timers_.erase(timers_.iterator_to(party));
}

void core::ready(waiter& party) noexcept {
  if (host::current() == this) return scheduler_->awakened(static_cast<fiber_scheduler::context*>(party.fiber));
  handing_over_.fetch_add(1, std::memory_order_relaxed);
  scheduler_->ready_from_outside(party);
  detail::light_fence();  // pairs with the heavy fence in sleep()
  wake();
  handing_over_.fetch_sub(1, std::memory_order_release);
}

void core::yield() noexcept {
  // Who is ready goes first, so it is enough to look now and then for what is new.
  constexpr std::uint32_t yields_between_looks = 8;
  if (!scheduler_->has_ready_fibers() || ++yields_ % yields_between_looks == 0) {
    look_for_fresh();
    if (!scheduler_->has_ready_fibers()) return;
  }
  worker& self = *current_worker_;
  const left_state mine(*this);
  scheduler_->yield(*self.context);
}

/// Makes ready what may run beside the fibers that are: those whose event came, and a worker for fresh tokens.
void core::look_for_fresh() noexcept {
  poll();
  scheduler_->take_outside();
  if (!has_room()) return note_full();
  if (!has_work()) return;
  if (idle_workers_ == nullptr) {
    try {
      make_worker();
    } catch (const std::exception&) {
      // No memory for a stack: fresh tokens wait until a worker that exists is free.
    }
  } else if (auto* const fresh = idle_worker_for_work()) {
    scheduler_->awakened(fresh);
  }
}

/// A turn for every fiber that is ready by now, and for nothing new.
void core::let_ready_fibers_run() noexcept {
  poll();
  scheduler_->take_outside();
  if (!scheduler_->has_ready_fibers()) return;
  worker& self = *current_worker_;
  const left_state mine(*this);
  scheduler_->yield(*self.context);
}

void core::fire_timers() noexcept {
  if (timers_.empty()) return;
  const auto time = now();
  while (!timers_.empty() && timers_.begin()->deadline <= time) {
    waiter& due = *timers_.begin();
    timers_.erase(timers_.begin());
    if (due.late) due.token->request.make(due.token->id(), detail::stop_cause::late, 0);
    if (due.decide(due.late ? wake_reason::cancelled : wake_reason::timed_out))
      scheduler_->awakened(static_cast<fiber_scheduler::context*>(due.fiber));
  }
}

void core::poll() noexcept {
  events_->poll();
  fire_timers();
  if ((modes_.load(std::memory_order_relaxed) & modes_of_attention) != 0) attend();
}

// --- idling
// -----------------------------------------------------------------------------------------------------------

bool core::has_work() const noexcept {
  if (has_own_work()) return true;
  const auto modes = modes_.load(std::memory_order_relaxed);
  const bool closed = (modes & mode_paused) != 0 && (modes & mode_cancelling) == 0;
  for (const auto& other : runtime_.cores)
    if (other.get() != this && other->has_loot(!closed)) return true;
  return false;
}

bool core::has_own_work() const noexcept {
  const auto modes = modes_.load(std::memory_order_relaxed);
  const bool closed = (modes & mode_paused) != 0 && (modes & mode_cancelling) == 0;
  if (granted_ != nullptr || !strands_.empty() || !bound_.empty() || open_.size() != 0 || has_released(modes) ||
      resubmitted_.load(std::memory_order_relaxed) != nullptr)
    return true;
  if (!pinned_.empty() || (!closed && any_lane([](const lane& each) { return !each.empty(); }))) return true;
  return false;
}

/// Whether a token that was kept back may begin now.
bool core::has_released(std::uint32_t modes) const noexcept {
  return held_.any_but([this, modes](const node& each) { return must_wait(each, modes); });
}

void core::idle() noexcept {
  if (has_room() && idle_workers_ == nullptr && has_work()) {
    try {
      return make_worker();
    } catch (const std::exception&) {
      // No memory for a stack: the workers that exist come back from their waits; try again in a moment.
      events_->sleep(waiter::clock::now() + std::chrono::milliseconds(1));
      return poll();
    }
  }
  if (runtime_.finished.load(std::memory_order_acquire) && workers_ == 0) {
    scheduler_->awakened(main_);
    return;
  }
  // While somebody searches, nobody who makes work wakes a sleeper, and whoever does wakes one only: so who comes back
  // from idling with a token looks whether there is more (worker.cc).
  came_from_idling_ = true;
  if (!search()) sleep();
  // A fiber that goes on may run for long before this core comes to take a token.
  if (scheduler_->has_ready_fibers() || scheduler_->outside_pending()) pass_it_on();
  end_idling();
}

/// The time since it was noted is counted. In this order a reader who comes in between misses it, which he makes up for
/// the next time, instead of counting it twice.
void core::end_idling() noexcept {
  const auto since = counters_.idle_since.load(std::memory_order_relaxed);
  if (since == 0) return;
  counters_.idle_since.store(0, std::memory_order_relaxed);
  // Release, with acquire by the reader: who sees the sum sees the time as not noted any more.
  const auto idle = counters_.idle.load(std::memory_order_relaxed) + detail::ticks() - since;
  counters_.idle.store(idle, std::memory_order_release);
}

/// No further worker may be busy, and a token yields or has ended. Costs a comparison but once in a window.
void core::note_full() noexcept {
  if (window_.load(std::memory_order_relaxed) != window_noted_) [[unlikely]]
    note_full_now();
}

void core::note_full_now() noexcept {
  window_noted_ = window_.load(std::memory_order_relaxed);
  detail::add_relaxed(counters_.full);
  if (has_own_work()) detail::add_relaxed(counters_.full_with_queue);
}

void core::pass_it_on() noexcept {
  came_from_idling_ = false;
  if (runtime_.sleeping.load(std::memory_order_relaxed) == 0) return;
  const auto& all = runtime_.cores;
  if (std::any_of(all.begin(), all.end(), [](const auto& each) { return each->has_loot(true); })) runtime_.wake_one();
}

/// Looks for work for a while, awake. True when there is some.
bool core::search() noexcept {
  constexpr int quick_looks = 32, patient_looks = 256, looks_between_yields = 2;
  // Work that comes soon is not kept waiting by a look at the clock.
  constexpr int looks_unnoted = quick_looks;
  const auto found = [this] {
    poll();
    return scheduler_->has_ready_fibers() || scheduler_->outside_pending() || (has_room() && has_work()) ||
           runtime_.finished.load(std::memory_order_relaxed);
  };
  runtime_.searching.fetch_add(1, std::memory_order_seq_cst);
  bool success = false;
  for (int look = 0; look < quick_looks + patient_looks && !success; ++look) {
    success = found();
    if (success) break;
    if (look == looks_unnoted) counters_.idle_since.store(detail::ticks(), std::memory_order_relaxed);
    if (look >= quick_looks && look % looks_between_yields == 0)
      ::sched_yield();  // who makes the work may need this very processor
    else
      detail::spin_pause();
  }
  runtime_.searching.fetch_sub(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // with the one in runtime::somebody_searches()
  return success;
}

void core::sleep() noexcept {
  asleep_.store(true, std::memory_order_relaxed);
  runtime_.sleeping.fetch_add(1, std::memory_order_relaxed);
  // From here on whoever makes work sees us asleep, or we see the work: their light fence lies between their store and
  // their look at asleep_/sleeping, this heavy one between our stores and our look at their work.
  detail::heavy_fence();
  const bool wanted = scheduler_->outside_pending() || (has_room() && has_work()) ||
                      (modes_.load(std::memory_order_relaxed) & modes_of_attention) != 0 ||
                      runtime_.finished.load(std::memory_order_relaxed);
  if (!wanted) {
    detail::add_relaxed(counters_.sleeps);
    events_->sleep(timers_.empty() ? waiter::clock::time_point::max() : timers_.begin()->deadline);
  }
  asleep_.store(false, std::memory_order_relaxed);
  runtime_.sleeping.fetch_sub(1, std::memory_order_relaxed);
  poll();
}

}  // namespace tokengate::lanes
