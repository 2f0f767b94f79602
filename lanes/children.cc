// Tokens made by tokens: where they are kept, and how the one that waits for them runs them itself.
#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/kill.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/permit_wait.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::add_relaxed;
using detail::node;

// --- made
// ----------------------------------------------------------------------------------------------------------------

void core::spawn(node& child, std::uint64_t id) {
  // There is no parent when a destructor that runs after its token makes tokens.
  const node* const parent = frame_ != nullptr ? frame_->token : nullptr;
  child.realm = runtime_.realm;
  child.creator = parent != nullptr ? parent->id() : 0;
  if (parent != nullptr) {
    if (parent->dated) [[unlikely]]
      detail::set_deadline(child, detail::deadline_of(*parent));
    // A lead opens a domain of its own where it will run; other children stay in their parent's, if there is one.
    if (!child.tags.lead)
      child.in_domain = parent->tags.lead ? parent->tags.domain == domain::bound : parent->in_domain;
  }
  if (child.tags.anchored) return runtime_.spawn_anchored(child, id);
  if (place_child(child, id)) add_relaxed(counters_.spawned);
}

/// False when it was run at once and counted as spawned before.
bool core::place_child(node& child, std::uint64_t id) {
  const bool crowded = open_.size() >= runtime_.settings.max_waiting ||
                       bound_.size() >= runtime_.settings.max_waiting || suspended_ >= runtime_.settings.max_suspended;
  if (crowded && child.tags.storage == 0 && stack_allows_inline()) [[unlikely]] {
    add_relaxed(counters_.spawned);
    child.begin(id, token_state::executing, node::child);
    execute_inside(child);
    return false;
  }
  child.begin(id, token_state::admitted, node::queued | node::child);
  if (child.in_domain) {
    child.bound = true;
    child.home = static_cast<std::uint16_t>(index_);
    bound_.push_back(&child);
  } else {
    open_.push(child);
    runtime_.work_appeared();
  }
  return true;
}

// --- run by who waits
// --------------------------------------------------------------------------------------------------

bool core::stack_allows_inline() const noexcept {
  // A token finds at least half a stack; what is deeper waits for a worker with a fresh one.
  return current_worker_ != nullptr &&
         static_cast<const std::byte*>(__builtin_frame_address(0)) > current_worker_->inline_limit;
}

bool core::run_inline(node& child) noexcept {
  frame* const outer = frame_;
  // Only what the waiting token made itself: anything else might need what this token holds.
  if (outer == nullptr || child.creator != outer->token->id()) return false;
  // The short way: nothing unusual is going on, and the child is the newest of its stack, private to this core.
  const bool unusual = modes_.load(std::memory_order_relaxed) != 0 || child.tags.storage != 0 || child.timed ||
                       child.dated || child.request.made() || outer->token->permit == node::held ||
                       outer->token->request.made() || exceptions_->any() || !child.untouched_child();
  if (unusual || !stack_allows_inline()) [[unlikely]]
    return run_inline_slowly(child);
  if (child.bound) {
    if (bound_.empty() || bound_.back() != &child) return run_inline_slowly(child);
    bound_.pop_back();
  } else if (!open_.pop_if_newest(child)) {
    return run_inline_slowly(child);
  }
  child.claim_held();
  frame here{&child, outer};
  frame_ = &here;
  auto how = child.run();
  frame_ = outer;
  auto& counters = counted(child);
  if (how != token_state::completed) [[unlikely]] {
    how = true_end(child, how);
    add_relaxed(how == token_state::failed    ? counters.failures
                : how == token_state::timeout ? counters.timeouts
                                              : counters.killed);
  }
  detail::add_release(counters.tokens);
  add_relaxed(counters_.ran_inline);
  child.finish_held(how);
  if (stale_open_ + stale_bound_ != 0) [[unlikely]]
    drop_stale_children();
  // Long runs of inline work still let others have their turn.
  constexpr std::uint32_t inline_between_polls = 64;
  if (++inline_turn_ % inline_between_polls == 0) let_ready_fibers_run();
  return true;
}

bool core::run_inline_slowly(node& child) noexcept {
  const auto modes = modes_.load(std::memory_order_relaxed);
  if (child.bound && child.home != index_) return false;
  if ((modes & cancelling) != 0 || detail::must_stop()) return false;
  if ((modes & some_paused) != 0 && runtime_.operation_paused(child)) return false;
  if (child.terminal()) return false;
  if (!stack_allows_inline()) {
    add_relaxed(counters_.inline_refused);
    return false;
  }
  if (!claim_inline(child)) return false;
  execute_inside(child);
  ++inline_turn_;
  return true;
}

/// Inside the running token, which holds no permit meanwhile and whose exceptions are not the child's.
void core::execute_inside(node& child) noexcept {
  add_relaxed(counters_.ran_inline);
  give_back();
  {
    const exception_state outer(*exceptions_);
    execute(child);
  }
  retake();
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
  if (child.bound ? !bound_.empty() && bound_.back() == &child : open_.pop_if_newest(child)) {
    if (child.bound) bound_.pop_back();
    const bool claimed = child.claim_from_queue();
    drop_stale_children();
    return claimed;
  }
  if (!child.claim_by_waiter()) return false;
  ++(child.bound ? stale_bound_ : stale_open_);
  return true;
}

/// Stale entries keep their nodes; those that come to the top are dropped, so that waiting in any order costs no
/// memory.
void core::drop_stale_children() noexcept {
  const auto is_stale = [](const node& entry) { return entry.state() != token_state::admitted; };
  while (stale_bound_ != 0 && (bound_.empty() || is_stale(*bound_.back()))) {
    --stale_bound_;
    if (bound_.empty()) continue;
    bound_.back()->drop_stale();
    bound_.pop_back();
  }
  while (stale_open_ != 0) {
    node* const top = open_.pop();  // only what was taken out is certain to be there: a thief may end the others
    if (top == nullptr) {
      stale_open_ = 0;
    } else if (is_stale(*top)) {
      --stale_open_;
      top->drop_stale();
    } else {
      open_.push(*top);  // there is room: it has just been taken out
      return;
    }
  }
}

}  // namespace tokengate::lanes
