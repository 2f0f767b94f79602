// The way of one token through its core: taken from a queue, claimed, permitted, run, counted, finished.
#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/node_pool.h>
#include <tokengate/lanes/core.h>
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
  const auto from_lanes = [this]() -> node* {
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      if (node* const token = lanes_[(turn_ + i) % lanes_.size()]->take()) return token;
    return nullptr;
  };
  if (turn_ % fresh_first == 0)
    if (node* const token = from_lanes()) return token;
  if (!bound_.empty()) {
    node* const token = bound_.back();
    bound_.pop_back();
    return token;
  }
  if (node* const token = open_.pop()) return token;
  if (node* const token = from_lanes()) return token;
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
  if (cancelled_parked_) {
    kill(token);
    return false;
  }
  if (token.tags.storage != 0) return claim_with_permit(token);
  return token.claim_from_queue();
}

void core::kill(node& token) noexcept {
  const auto operation = token.operation;
  if (!token.kill_from_queue()) return;
  add_relaxed(operations_[operation].tokens);
  add_relaxed(operations_[operation].killed);
  count_finished();
}

std::uint64_t core::killed() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : operations_) sum += each.killed.load(std::memory_order_relaxed);
  return sum;
}

void core::kill_queued() noexcept {
  for (const auto& each : lanes_)
    while (node* const token = each->take()) token->kill_from_queue();
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
  auto& counters = operations_[token.operation];
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
  auto& counters = operations_[token.operation];
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
    while (!runtime_.offer_anchored(child)) yield();
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
  const node& parent = *running_;
  // A lead opens a domain of its own where it will run; other children stay in their parent's, if there is one.
  if (!child.tags.lead) child.in_domain = parent.tags.lead ? parent.tags.domain == domain::bound : parent.in_domain;
  const bool crowded =
      bound_.size() + open_.size() >= runtime_.settings.max_waiting || suspended_ >= runtime_.settings.max_suspended;
  if (crowded && child.tags.storage == 0 && stack_allows_inline()) {
    child.begin_unqueued();
    add_relaxed(counters_.ran_inline);
    return execute(child);
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

bool core::run_inline(node& child) noexcept {
  // Only what the waiting token made itself: anything else might need what this token holds.
  if (running_ == nullptr || child.creator != running_->id || cancelled_parked_) return false;
  if (child.bound && child.home != index_) return false;
  if (!stack_allows_inline()) {
    add_relaxed(counters_.inline_refused);
    return false;
  }
  give_back();
  const bool ran = claim_inline(child);
  if (ran) {
    add_relaxed(counters_.ran_inline);
    execute(child);
  }
  retake();
  return ran;
}

/// The child is mostly the newest of its stack; then its queue share comes with it. Else it stays behind as an entry
/// whose claim will fail.
bool core::claim_inline(node& child) noexcept {
  const bool needs_permit = child.tags.storage != 0;
  if (needs_permit && !tier_of(runtime_, child).try_acquire()) {
    add_relaxed(counters_.inline_refused);
    return false;
  }
  bool claimed = false;
  if (!bound_.empty() && bound_.back() == &child) {
    bound_.pop_back();
    claimed = child.claim_from_queue();
  } else if (open_.newest() == &child) {
    node* const popped = open_.pop();
    claimed = popped == &child && child.claim_from_queue();
  } else {
    claimed = child.claim_by_waiter();
  }
  if (!needs_permit) return claimed;
  if (claimed)
    child.permit = node::held;
  else
    tier_of(runtime_, child).release();
  return claimed;
}

}  // namespace tokengate::lanes
