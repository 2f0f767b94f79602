#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include <pthread.h>
#include <sched.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/error.h>
#include <tokengate/core/live_tokens.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/refuse_when_full.h>
#include <tokengate/core/stop_reason.h>
#include <tokengate/core/token.h>
#include <tokengate/lanes/converger.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/simulated_core.h>
#include <tokengate/lanes/simulation.h>
#include <tokengate/lanes/stall_probe.h>
#include <tokengate/lanes/warden.h>

namespace tokengate::lanes {

using detail::node;
using clock = std::chrono::steady_clock;

namespace {

std::size_t place_of_lane(const std::string& name) {
  return name.empty() ? default_lane() : lane_number(name) - std::size_t{1};
}

}  // namespace

runtime::runtime(const options& wanted, unsigned core_count, std::uint16_t of_realm)
    : settings(wanted),
      realm(of_realm),
      reason_stopped(detail::stop_reason_number("its coordinator stopped")),
      simulated(wanted.simulation ? std::make_unique<simulation>(*this, *wanted.simulation) : nullptr),
      slots(wanted.max_waiting),
      tiers(wanted.storage),
      domains(core_count),
      operation_paused_(operation_count() + 1),
      ended_outside_(operation_count() + 1),
      setup_{core_count, wanted.workers, wanted.mailbox_capacity, slots, simulated != nullptr},
      default_lane_(place_of_lane(wanted.lane)),
      variants_(linked_lanes().size()),
      ended_(std::make_unique<std::atomic<bool>[]>(core_count)) {
  for (unsigned i = 0; i < core_count; ++i)
    cores.push_back(simulated != nullptr ? simulated->make_core(i) : std::make_unique<core>(*this, i));
  restricted_.store(simulated != nullptr, std::memory_order_relaxed);
  adapts = std::make_unique<converger>(*this, simulated != nullptr ? simulated->now() : clock::now());
  watch = std::make_unique<warden>(*this);
  use_lane(default_lane_);
  for (std::size_t i = 0; i < operation_count(); ++i)
    if (const auto lane = operation_at(i).lane.load(std::memory_order_relaxed); lane != 0)
      use_lane(lane - std::size_t{1});
}

runtime::~runtime() { cores.clear(); }  // their lanes before what those were made by

// --- submission from outside
// ------------------------------------------------------------------------------------------

/// Once submit() has seen to it that there is that lane.
destination runtime::route(const node& token) noexcept { return variants_[lane_of(token)]->route(token); }

/// A policy that no operation of the program names, and that a token names nevertheless, is made for its first token.
void runtime::use_lane(std::size_t which) {
  const std::scoped_lock lock(lanes_mutex_);
  if ((lanes_in_use_.load(std::memory_order_relaxed) >> which & 1) != 0) return;
  auto variant = linked_lanes()[which].make(setup_);
  std::vector<std::unique_ptr<lane>> queues;
  for (unsigned i = 0; i < cores.size(); ++i) {
    queues.push_back(variant->make_lane(i));
    queues.back()->set_active(cores[i]->worker_limit());
  }
  for (unsigned i = 0; i < cores.size(); ++i) cores[i]->add_lane(which, std::move(queues[i]));
  if (variant->gives()) lanes_that_give_.fetch_or(std::uint64_t{1} << which, std::memory_order_relaxed);
  variants_[which] = std::move(variant);
  lanes_in_use_.fetch_or(std::uint64_t{1} << which, std::memory_order_release);
  const std::scoped_lock control(control_);
  if (all_paused_) close_lanes();
}

void runtime::limit_workers(unsigned core, unsigned workers) noexcept {
  const std::scoped_lock lock(lanes_mutex_);  // lanes that are just being made learn it from the core, once it is there
  cores[core]->limit_workers(workers);
  cores[core]->any_lane([workers](lane& each) { return each.set_active(workers), false; });
}

void runtime::submit(node& token, std::uint64_t id) {
  token.creator = 0;
  token.begin(id, token_state::created, 0);
  // Before it may be held back: who lets it go again must not have to make a lane. Acquire: pairs with use_lane().
  if (token.tags.lane != 0 && (lanes_in_use_.load(std::memory_order_acquire) >> lane_of(token) & 1) == 0) [[unlikely]]
    use_lane(lane_of(token));
  // Acquire: who sees that nothing is held back any more sees where it went, and comes behind it.
  if (restricted_.load(std::memory_order_acquire) && hold_back(token)) return;
  const destination chosen = token.tags.anchored ? bind(token) : route(token);
  core& target = *cores[chosen.core];
  bool offered = false;
  try {
    // What waits for its turn in a strand has left its mailbox; so it is counted here.
    if (token.tags.exclusive)
      while (!closed.load(std::memory_order_acquire) && slots.all_taken()) wait_for_slot();
    while (!closed.load(std::memory_order_acquire) && !(offered = target.offer(token, chosen.slot))) wait_for_slot();
    if (!offered)
      throw coordinator_stopped(
          "the coordinator takes no new tokens from outside: stop() was called; start() it again first");
  } catch (...) {
    left(token, anchors::conductor::elsewhere);
    throw;
  }
  detail::light_fence();  // pairs with the heavy fences in stop() and in core::sleep()
  if (closed.load(std::memory_order_relaxed)) [[unlikely]] {
    // Offered while stop() began. Once that is past its sweep nobody else looks at the lanes; before, somebody must.
    swept_.load(std::memory_order_relaxed) ? sweep() : wake_all();
  } else if (token.bound || (lanes_that_give_.load(std::memory_order_relaxed) >> lane_of(token) & 1) == 0) {
    target.wake();  // nobody else will take it, whoever searches
  } else if (sleeping.load(std::memory_order_relaxed) != 0 && !somebody_searches()) {
    if (!target.wake()) wake_one();
  }
}

/// For a place at the gate, or until it is worth another try. Throws mailbox_full if the thread must not wait.
void runtime::wait_for_slot() {
  detail::may_wait_for_room();
  simulated != nullptr ? simulated->run_for(std::chrono::microseconds(20)) : slots.wait_for_one();
}

void runtime::wake_one() noexcept {
  for (const auto& each : cores)
    if (each->wake()) return;
}

void runtime::wake_all() noexcept {
  for (const auto& each : cores) each->wake();
}

// --- beginning and end
// ------------------------------------------------------------------------------------------------

void runtime::start_threads(const std::vector<unsigned>& processors) {
  try {
    if (simulated != nullptr) {
      threads_.emplace_back([this] {
        simulated->run();
        for (std::size_t i = 0; i < cores.size(); ++i) ended_[i].store(true, std::memory_order_release);
      });
      return;
    }
    threads_.reserve(cores.size());
    for (std::size_t i = 0; i < cores.size(); ++i)
      threads_.emplace_back([&core = *cores[i], &ended = ended_[i]] {
        const stall_probe::stack for_signals;
        core.run();
        ended.store(true, std::memory_order_release);
      });
    pin(processors);
    std::vector<pthread_t> handles;
    for (auto& each : threads_) handles.push_back(each.native_handle());
    watch->start(std::move(handles));
  } catch (...) {
    end_threads();
    throw;
  }
}

void runtime::pin(const std::vector<unsigned>& processors) noexcept {
  if (processors.size() < threads_.size()) return;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(processors[i], &mask);
    // A processor that went away meanwhile only costs the pinning.
    ::pthread_setaffinity_np(threads_[i].native_handle(), sizeof mask, &mask);
  }
}

bool runtime::quiescent() const noexcept {
  // All counters only grow, and a token is counted as made before it is counted as ended. So if what had ended when we
  // looked first equals what was made when we looked later, nothing was under way in between.
  std::uint64_t ended = 0, made = 0;
  for (const auto& each : cores) ended += each->finished();
  for (const auto& each : ended_outside_)
    ended += each.killed.load(std::memory_order_acquire) + each.timeouts.load(std::memory_order_acquire);
  const auto left = holding_left_.load(std::memory_order_acquire);  // before what they went to: errs on the high side
  for (const auto& each : cores) made += each->accepted() + each->counters().spawned.load(std::memory_order_relaxed);
  made += holding_entered_.load(std::memory_order_acquire) - left;
  return ended == made;
}

std::uint64_t runtime::killed() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : cores) sum += each->killed();
  for (const auto& each : ended_outside_)
    sum += each.killed.load(std::memory_order_relaxed) + each.timeouts.load(std::memory_order_relaxed);
  return sum;
}

std::vector<token_status> runtime::stop(clock::time_point drain_until) {
  closed.store(true, std::memory_order_seq_cst);
  slots.close();
  detail::heavy_fence();  // with submit(): a token offered before is seen by quiescent(), later ones see `closed`
  resume_all();
  wait_until_quiescent(drain_until);
  // Also when nothing seems left: a token that was offered in the last instant is killed rather than run when the cores
  // are about to end.
  hard_stop.store(true, std::memory_order_seq_cst);
  for (const auto& each : cores) each->set_modes(mode_cancelling | mode_attention);
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  wait_until_quiescent(detail::deadline_after(settings.cancel_for));
  const bool all_ended = quiescent();
  auto left = all_ended ? std::vector<token_status>{} : abandon();
  if (all_ended) end_threads();
  swept_.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with submit()
  sweep();
  return left;
}

void runtime::wait_until_quiescent(clock::time_point until) noexcept {
  if (simulated != nullptr) return simulated->run_until_idle(until);
  for (auto nap = std::chrono::microseconds(50); !quiescent() && clock::now() < until;
       nap = std::min(nap * 2, std::chrono::microseconds(1000)))
    std::this_thread::sleep_for(nap);
}

void runtime::end_threads() noexcept {
  watch->stop();
  finished.store(true, std::memory_order_seq_cst);
  if (simulated != nullptr) simulated->end();
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  for (auto& each : threads_) each.join();
}

/// Some tokens do not stop. Nobody is to wait for them, or for what is stuck behind them, any more. Cores without such
/// tokens end; the threads of the others go on by themselves and end when their tokens do.
std::vector<token_status> runtime::abandon() {
  std::vector<token_status> left;
  watch->stop();
  abandoned_.store(true, std::memory_order_relaxed);
  detail::heavy_fence();  // with spawn_anchored()
  detail::for_each_live(realm, [this, &left](node& token, std::uint64_t id) {
    token.request.make(id, detail::stop_cause::killed, reason_stopped);  // its core has not come round to it
    if (token.request.give_up(id)) left.push_back(detail::snapshot_of(token, id));
  });
  detail::release_waiters(realm);
  finished.store(true, std::memory_order_seq_cst);
  if (simulated != nullptr) simulated->end();
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  const auto patience = clock::now() + std::chrono::milliseconds(100);
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    while (!ended_[i].load(std::memory_order_acquire) && clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (ended_[i].load(std::memory_order_acquire))
      threads_[i].join();
    else
      threads_[i].detach();
  }
  return left;
}

/// Kills what came in after the cores had ended, one thread at a time: it stands in for the cores' own.
void runtime::sweep() noexcept {
  const std::scoped_lock lock(sweep_mutex_);
  const auto kill = [this](node& token) {
    token.request.make(token.id(), detail::stop_cause::killed, reason_stopped);
    const detail::farewell last(token);
    token.end_from_queue(token_state::killed, [&](token_state from) {
      note_ended_outside(token, token_state::killed);
      last.tell(from, token_state::killed, reason_stopped);
    });
  };
  for (std::size_t i = 0; i < cores.size(); ++i) {
    if (!ended_[i].load(std::memory_order_acquire)) continue;  // abandoned; its thread may still look at its queues
    while (node* const token = cores[i]->pinned().take()) kill(*token);
    cores[i]->any_lane([&kill](lane& each) {
      while (node* const token = each.take()) kill(*token);
      return false;
    });
  }
}

}  // namespace tokengate::lanes
