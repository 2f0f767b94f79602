// The way of one token through its core: taken from a queue, claimed, permitted, run, counted, finished.
#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/node_pool.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/exception_state.h>
#include <tokengate/lanes/permit_wait.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::add_relaxed;
using detail::node;

// --- taking
// -----------------------------------------------------------------------------------------------------------

node* core::next() noexcept {
  if (node* const token = next_granted()) return token;
  while (node* const token = next_unclaimed())
    if (claim(*token)) return token;
  return nullptr;
}

/// Depth first: the newest child of what runs here before anything new, so that memory stays bounded; but now and then
/// a token from outside first, so that endless families starve nobody.
node* core::next_unclaimed() noexcept {
  constexpr std::uint32_t fresh_first = 64;
  const auto from_lanes = [this](std::uint32_t first) -> node* {
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      if (node* const token = lanes_[(first + i) % lanes_.size()]->take()) return token;
    return nullptr;
  };
  if (turn_ % fresh_first == 0)
    if (node* const token = from_lanes(turn_ / fresh_first)) return token;
  if (!bound_.empty()) {
    node* const token = bound_.back();
    bound_.pop_back();
    return token;
  }
  if (node* const token = open_.pop()) return token;
  if (node* const token = from_lanes(turn_)) return token;
  return steal();
}

node* core::steal() noexcept {
  const std::size_t count = runtime_.cores.size();
  for (std::size_t i = 1; i < count; ++i) {
    if (node* const token = runtime_.cores[(index_ + i) % count]->give_to_thief()) {
      add_relaxed(counters_.stolen);
      return token;
    }
  }
  return nullptr;
}

node* core::give_to_thief() noexcept {
  if (node* const token = open_.steal()) return token;
  for (std::size_t i = 0; i < weights; ++i)
    if (node* const token = lanes_[i]->take()) return token;
  return nullptr;
}

bool core::has_loot() const noexcept {
  if (open_.size() != 0) return true;
  for (std::size_t i = 0; i < weights; ++i)
    if (!lanes_[i]->empty()) return true;
  return false;
}

/// With the queue's share of a token in hand: makes it ours to run. False when it is not (any more).
bool core::claim(node& token) noexcept {
  if (runtime_.cancelling.load(std::memory_order_relaxed)) [[unlikely]] {
    kill(token);
    return false;
  }
  if (token.tags.storage != 0) return claim_with_permit(token);
  return token.claim_from_queue();
}

void core::kill(node& token) noexcept {
  // Before anybody is notified: who has seen the token end finds it counted.
  const bool killed = token.kill_from_queue([this, &token] {
    add_relaxed(counted(token).tokens);
    add_relaxed(counted(token).killed);
  });
  if (killed) count_finished();
}

/// What is counted for submit() is also counted there for operations that were enrolled after the start.
operation_counters& core::counted(const node& token) noexcept {
  return operations_[token.operation < operations_.size() ? token.operation : 0];
}

std::uint64_t core::killed() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : operations_) sum += each.killed.load(std::memory_order_relaxed);
  return sum;
}

void core::kill_queued() noexcept {
  for (const auto& each : lanes_)
    while (node* const token = each->take()) kill(*token);
}

// --- running
// ----------------------------------------------------------------------------------------------------------

void core::execute(node& token) noexcept {
  node* const outer = running_;
  running_ = &token;
  if (token.enqueued == 0) {
    end(token, token.run(), outer);
    return;
  }
  auto& counters = counted(token);
  const auto started = detail::ticks();
  // Two cores' stamps may stand the wrong way round by a little.
  counters.queue_wait.add(started > token.enqueued ? started - token.enqueued : 0);
  const auto how = token.run();
  counters.run_time.add(detail::ticks() - started);
  end(token, how, outer);
}

void core::end(node& token, token_state how, node* outer) noexcept {
  if (token.permit == node::held) tier_of(runtime_, token).release();
  running_ = outer;
  // Before finish(): who has seen the token end finds it counted.
  auto& counters = counted(token);
  add_relaxed(counters.tokens);
  if (how == token_state::failed) add_relaxed(counters.failures);
  if (how == token_state::killed) add_relaxed(counters.killed);
  token.finish(how);
  count_finished();
}

/// Release: who reads the sum finds every token counted as made that is counted as ended (runtime::quiescent).
void core::count_finished() noexcept {
  counters_.finished.store(counters_.finished.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// --- children
// ---------------------------------------------------------------------------------------------------------

void core::spawn(node& child) {
  if (child.tags.anchored) {
    runtime_.spawn_anchored(child);
    return;
  }
  add_relaxed(counters_.spawned);
  try {
    place_child(child);
  } catch (...) {
    counters_.spawned.store(counters_.spawned.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    throw;
  }
}

void core::place_child(node& child) {
  // A lead opens a domain of its own where it will run; other children stay in their parent's, if there is one. (There
  // is no parent when a destructor that runs after its token makes tokens.)
  if (const node* const parent = running_; parent != nullptr && !child.tags.lead)
    child.in_domain = parent->tags.lead ? parent->tags.domain == domain::bound : parent->in_domain;
  const bool crowded =
      bound_.size() + open_.size() >= runtime_.settings.max_waiting || suspended_ >= runtime_.settings.max_suspended;
  if (crowded && child.tags.storage == 0 && stack_allows_inline()) {
    child.begin_unqueued();
    return execute_inside(child);
  }
  child.enqueue_as(token_state::admitted);
  if (!child.in_domain) {
    open_.push(child);
    return runtime_.work_appeared();
  }
  child.bound = true;
  child.home = static_cast<std::uint16_t>(index_);
  bound_.push_back(&child);
}

bool core::stack_allows_inline() const noexcept {
  // A token finds at least half a stack; what is deeper waits for a worker with a fresh one.
  const std::byte here{};
  return current_worker_ != nullptr &&
         static_cast<std::size_t>(current_worker_->stack_top - &here) < runtime_.settings.stack_size / 2;
}

/// Inside the running token, which holds no permit meanwhile and whose exceptions are not the child's.
void core::execute_inside(node& child) noexcept {
  add_relaxed(counters_.ran_inline);
  give_back();
  {
    const exception_state outer;
    execute(child);
  }
  retake();
}

bool core::run_inline(node& child) noexcept {
  // Only what the waiting token made itself: anything else might need what this token holds.
  if (running_ == nullptr || child.creator != running_->id || cancelled_parked_) return false;
  if (child.bound && child.home != index_) return false;
  if (!stack_allows_inline()) {
    add_relaxed(counters_.inline_refused);
    return false;
  }
  if (!claim_inline(child)) return false;
  execute_inside(child);
  // Long runs of inline work still let others have their turn.
  constexpr std::uint32_t inline_between_polls = 64;
  if (++inline_turn_ % inline_between_polls == 0) let_ready_fibers_run();
  return true;
}

bool core::claim_inline(node& child) noexcept {
  if (child.tags.storage == 0) return claim_from_children(child);
  // A token that waits for its child with a permit of the same tier lends it that one.
  io::storage_tier& tier = tier_of(runtime_, child);
  give_back();
  const bool permitted = tier.try_acquire();
  const bool claimed = permitted && claim_from_children(child);
  if (claimed)
    child.permit = node::held;
  else if (permitted)
    tier.release();
  else
    add_relaxed(counters_.inline_refused);
  if (!claimed) retake();
  return claimed;
}

/// The child is mostly the newest of its stack; then its queue share comes with it. Else its entry stays behind, stale.
bool core::claim_from_children(node& child) noexcept {
  if (!bound_.empty() && bound_.back() == &child) {
    bound_.pop_back();
    const bool claimed = child.claim_from_queue();
    drop_stale_children();
    return claimed;
  }
  if (open_.newest() == &child) {
    const node* const popped = open_.pop();
    const bool claimed = popped == &child && child.claim_from_queue();
    drop_stale_children();
    return claimed;
  }
  if (!child.claim_by_waiter()) return false;
  if (!child.bound) ++stale_;
  return true;
}

/// Stale entries keep their nodes; those that come to the top are dropped, so that waiting in any order costs no
/// memory.
void core::drop_stale_children() noexcept {
  const auto is_stale = [](const node& entry) {
    return entry.state(std::memory_order_relaxed) != token_state::admitted;
  };
  while (!bound_.empty() && is_stale(*bound_.back())) {
    bound_.back()->drop_stale();
    bound_.pop_back();
  }
  while (stale_ != 0) {
    node* const top = open_.pop();  // only what was taken out is certain to be there: a thief may end the others
    if (top == nullptr) {
      stale_ = 0;
    } else if (is_stale(*top)) {
      --stale_;
      top->drop_stale();
    } else {
      open_.push_back_popped(*top);
      return;
    }
  }
}

}  // namespace tokengate::lanes
