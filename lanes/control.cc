// Pausing, draining, and stop requests of a runtime.
#include <sched.h>

#include <tokengate/core/kill.h>
#include <tokengate/core/live_tokens.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/stop_reason.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/simulation.h>

namespace tokengate::lanes {

using detail::node;

/// Every core has seen the modes that were set before, or will before it takes its next token.
void runtime::wait_until_heeded() const noexcept {
  detail::heavy_fence();  // with the light one in core::next()
  for (const auto& each : cores)
    while (each->taking()) ::sched_yield();  // a few instructions of another thread
}

void runtime::pause() {
  const std::scoped_lock lock(control_);
  if (closed.load(std::memory_order_relaxed)) return;  // stop() lifts, under the lock, what was paused before
  all_paused_ = true;
  restricted_.store(true, std::memory_order_relaxed);
  for (const auto& each : cores) each->set_modes(mode_paused);
  close_lanes();
  wait_until_heeded();
}

void runtime::close_lanes() noexcept {
  for (const auto& each : cores) each->any_lane([](lane& queues) { return queues.close(), false; });
}

void runtime::open_lanes() noexcept {
  for (const auto& each : cores) each->any_lane([](lane& queues) { return queues.open(), false; });
}

void runtime::resume() {
  const std::scoped_lock lock(control_);
  all_paused_ = false;
  readmit();
}

void runtime::pause_operation(std::uint32_t operation) {
  const std::scoped_lock lock(control_);
  if (closed.load(std::memory_order_relaxed)) return;  // as in pause()
  operation_paused_[operation].store(true, std::memory_order_relaxed);
  restricted_.store(true, std::memory_order_relaxed);
  for (const auto& each : cores) each->set_modes(mode_some_paused);
  wait_until_heeded();
}

void runtime::resume_operation(std::uint32_t operation) {
  const std::scoped_lock lock(control_);
  operation_paused_[operation].store(false, std::memory_order_relaxed);
  readmit();
}

void runtime::resume_all() {
  const std::scoped_lock lock(control_);
  all_paused_ = false;
  for (auto& each : operation_paused_) each.store(false, std::memory_order_relaxed);
  readmit();
}

/// Lets go what is paused no longer, in the order in which it came.
void runtime::readmit() noexcept {
  bool some = false;
  for (const auto& each : operation_paused_) some = some || each.load(std::memory_order_relaxed);
  // While the gates are closed, what was held back takes its place at them before anything newer comes to the
  // mailboxes.
  close_lanes();
  waiting_list still;
  while (node* const token = holding_.pop()) {
    if (operation_paused(*token) || (all_paused_ && token->tags.anchored)) {
      still.push(*token);
      continue;
    }
    const destination chosen = token->tags.anchored ? destination{token->home, no_slot} : route(*token);
    cores[chosen.core]->offer(*token, chosen.slot, true);
    holding_left_.fetch_add(1, std::memory_order_release);
    slots.give(1);
  }
  holding_ = still;
  if (!all_paused_) open_lanes();
  for (const auto& each : cores) each->clear_modes((all_paused_ ? 0 : mode_paused) | (some ? 0 : mode_some_paused));
  restricted_.store(all_paused_ || some || simulated != nullptr, std::memory_order_release);  // with submit()
  detail::light_fence();  // with the heavy one in core::sleep()
  wake_all();
}

bool runtime::operation_paused(const node& token) const noexcept {
  const std::uint32_t operation = token.operation;
  return operation_paused_[operation < operation_paused_.size() ? operation : 0].load(std::memory_order_relaxed);
}

/// Takes a token from outside that no lane may have while something is paused. May block while the gate is full.
bool runtime::hold_back(node& token) {
  if (simulated != nullptr) simulated->accept(token);
  for (;;) {
    {
      const std::scoped_lock lock(control_);
      if (!operation_paused(token) && !(all_paused_ && token.tags.anchored)) return false;
      if (closed.load(std::memory_order_acquire)) return false;  // submit() refuses it
      if (slots.take(false)) {
        try {
          if (token.tags.anchored) bind(token);
        } catch (...) {
          slots.give(1);
          throw;
        }
        // Before others see it waiting, and may end it: what is counted as ended must be counted as taken in. And who
        // waits for it looks at its marks: nothing of it is written later.
        holding_entered_.fetch_add(1, std::memory_order_release);
        token.published = true;
        token.begin(token.id(), token_state::waiting, node::queued);
        detail::tell(token, token_state::created, token_state::waiting);
        holding_.push(token);
        return true;
      }
    }
    wait_for_slot();
  }
}

std::size_t runtime::drain(const std::uint32_t* operation) {
  struct what {
    runtime* self;
    const std::uint32_t* operation;
    std::uint32_t reason;
    std::size_t killed;
  } wanted{this, operation, detail::stop_reason_number("drained"), 0};
  const auto is_wanted = [](const node& token, void* context) {
    const auto* const of = static_cast<const what*>(context)->operation;
    return of == nullptr || token.operation == *of;
  };
  const auto end = [](node& token, void* context) {
    auto& all = *static_cast<what*>(context);
    token.request.make(token.id(), detail::stop_cause::killed, all.reason);
    // One that was killed at the gate before is ended already, and not counted again.
    const detail::farewell last(token);
    const bool ended = token.end_from_queue(token_state::killed, [&](token_state from) {
      all.self->note_ended_outside(token, token_state::killed);
      last.tell(from, token_state::killed, all.reason);
    });
    if (ended) ++all.killed;
  };
  waiting_list taken, still;
  std::size_t held = 0;
  {
    const std::scoped_lock lock(control_);
    while (node* const token = holding_.pop()) {
      const bool goes = is_wanted(*token, &wanted);
      (goes ? taken : still).push(*token);
      held += goes ? 1 : 0;
    }
    holding_ = still;
  }
  while (node* const token = taken.pop()) end(*token, &wanted);
  if (held != 0) slots.give(held);
  for (const auto& each : cores) {
    each->pinned().drain(is_wanted, end, &wanted);
    each->any_lane([&](lane& queues) { return queues.drain(is_wanted, end, &wanted), false; });
  }
  return wanted.killed;
}

void runtime::attend() noexcept {
  for (const auto& each : cores) each->set_modes(mode_attention);
  detail::light_fence();  // with the heavy one in core::sleep()
  wake_all();
}

void runtime::note_ended_outside(const node& token, token_state end) noexcept {
  left(token, anchors::conductor::elsewhere);
  if (token.tags.exclusive && token.tags.storage != 0) {  // its core may have it wait for a permit, with its strand
    core& home = *cores[token.home];
    home.set_modes(mode_attention);
    detail::light_fence();  // with the heavy one in core::sleep()
    home.wake();
  }
  const std::uint32_t operation = token.operation;
  auto& counters = ended_outside_[operation < ended_outside_.size() ? operation : 0];
  (end == token_state::timeout ? counters.timeouts : counters.killed).fetch_add(1, std::memory_order_release);
}

}  // namespace tokengate::lanes
