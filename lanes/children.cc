// Tokens made by tokens: where they are kept, and how the one that waits for them runs them itself.
#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/observe.h>
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
  // The short way has no calls in it: what needs one is left to spawn_slowly().
  if (frame_ == nullptr || suspended_ >= max_suspended_) [[unlikely]]
    return spawn_slowly(child, id);
  node& parent = *frame_->token;
  if (parent.dated || child.tags.anchored || child.watched) [[unlikely]]
    return spawn_slowly(child, id);
  if (parent.tags.lead && !known_call(parent, child)) [[unlikely]]
    return spawn_slowly(child, id);
  child.realm = realm_;
  child.creator = parent.id();
  if (parent.domain != 0 && !child.tags.lead) enter_domain(parent, child);
  const bool inside = child.binds;
  if (inside) {
    child.bound = true;
    child.home = index_;
  }
  child.begin(id, token_state::admitted, node::queued | node::child);
  // Counted before anybody can run it, so that it is not seen ended before it is seen made (runtime::quiescent).
  add_relaxed(counters_.spawned);
  if (inside) {
    if (!bound_.push_quickly(child)) [[unlikely]]
      queue_slowly(child);
  } else {
    if (!open_.push_quickly(child)) [[unlikely]]
      return queue_slowly(child);
    runtime_.work_appeared();
  }
}

void core::spawn_slowly(node& child, std::uint64_t id) {
  child.realm = realm_;
  child.creator = 0;
  // There is no parent when a destructor that runs after its token makes tokens.
  if (frame_ != nullptr) {
    node& parent = *frame_->token;
    child.creator = parent.id();
    if (parent.dated) detail::set_deadline(child, detail::deadline_of(parent));
    if (parent.tags.lead || parent.domain != 0) join_domain(parent, child);
  }
  if (child.tags.anchored) try {
      return runtime_.spawn_anchored(child, id);
    } catch (...) {
      if (child.domain != 0) domains_.leave(child.domain, index_);
      throw;
    }
  child.bound = child.binds;
  if (child.bound) child.home = index_;
  child.begin(id, token_state::admitted, node::queued | node::child);
  add_relaxed(counters_.spawned);
  detail::tell(child, token_state::created, token_state::admitted);
  if (suspended_ >= max_suspended_ && run_at_once(child)) return;
  queue_slowly(child);
}

/// The queue must grow, or is full. The child is counted as spawned already.
void core::queue_slowly(node& child) try {
  if (child.bound ? bound_.push(child) : open_.push(child)) return runtime_.work_appeared();
  if (run_at_once(child)) return;
  child.bound ? bound_.push_beyond(child) : open_.push_beyond(child);
  runtime_.work_appeared();
} catch (...) {
  detail::tell(child, token_state::admitted, token_state::killed);
  counters_.spawned.store(counters_.spawned.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  left(child);
  child.begin(child.id(), token_state::killed, 0);  // its memory is found by others, and must not seem alive
  throw;
}

/// There is no room for it, or too much is suspended already. False: it must be queued all the same.
bool core::run_at_once(node& child) noexcept {
  if (child.tags.storage != 0 || !stack_allows_inline()) return false;
  if (must_wait(child, start_taking())) {
    stop_taking();
    return false;
  }
  child.claim_held();  // others know its id by now, and may have asked it to stop; that stands
  execute_inside(child);
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
  const bool unusual = start_taking() != 0 || child.tags.storage != 0 || child.marked() || child.request.made() ||
                       outer->token->permit == node::held || outer->token->request.made() || exceptions_->any() ||
                       !child.untouched_child();
  if (unusual || !stack_allows_inline()) [[unlikely]]
    return run_inline_slowly(child);
  if (!(child.bound ? bound_.pop_if_newest(child) : open_.pop_if_newest(child))) [[unlikely]]
    return run_inline_slowly(child);
  child.claim_held();
  stop_taking();
  frame here{&child, outer};
  std::atomic_signal_fence(std::memory_order_release);  // a stall probe looks at it from a signal handler
  frame_ = &here;
  if (child.tags.lead) open_domain(child);
  auto how = child.run();
  frame_ = outer;
  if (how != token_state::completed) [[unlikely]]
    how = true_end(child, how);
  counted(child).count(how);
  if (child.domain != 0 && !leaves_own_domain(child)) left_by_end(child);
  const auto ran = counters_.ran_inline.load(std::memory_order_relaxed) + 1;
  counters_.ran_inline.store(ran, std::memory_order_relaxed);
  child.finish_held(how);
  if (stale_open_ + stale_bound_ != 0) [[unlikely]]
    drop_stale_children();
  // Long runs of inline work still let others have their turn.
  constexpr std::uint64_t inline_between_polls = 64;
  if (ran % inline_between_polls == 0) [[unlikely]]
    let_ready_fibers_run();
  return true;
}

bool core::run_inline_slowly(node& child) noexcept {
  if (!may_run_inline(child, start_taking())) {
    stop_taking();
    return false;
  }
  if (!claim_inline(child)) return false;
  if (child.tags.exclusive) static_cast<void>(strands_.enter(child));  // which was vacant
  execute_inside(child);
  return true;
}

bool core::may_run_inline(const node& child, std::uint32_t modes) noexcept {
  if (child.bound && child.home != index_) return false;
  if (child.tags.anchored && !anchor_allows_inline(child)) return false;
  if ((modes & mode_cancelling) != 0 || detail::must_stop()) return false;
  if (must_wait(child, modes) || child.terminal()) return false;
  if (stack_allows_inline()) return true;
  add_relaxed(counters_.inline_refused);
  return false;
}

/// Inside the running token, which holds no permit meanwhile and whose exceptions are not the child's.
void core::execute_inside(node& child) noexcept {
  add_relaxed(counters_.ran_inline);
  give_back();
  {
    // A token that unwinds waits for its child as if it were shielded.
    node* const unwinding = exceptions_->uncaught != 0 ? running() : nullptr;
    if (unwinding != nullptr) ++unwinding->shields;
    {
      const exception_state outer(*exceptions_);
      execute(child);
    }
    if (unwinding != nullptr) --unwinding->shields;
  }
  retake();
}

bool core::claim_inline(node& child) noexcept {
  if (child.tags.storage == 0) {
    const bool claimed = claim_from_children(child);
    if (!claimed) stop_taking();
    return claimed;
  }
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
  if (!claimed) {
    stop_taking();  // before it may have to wait
    retake();
  }
  return claimed;
}

/// The child is mostly the newest of its stack; then its queue share comes with it. Else its entry stays behind, stale.
bool core::claim_from_children(node& child) noexcept {
  if (child.bound ? bound_.pop_if_newest(child) : open_.pop_if_newest(child)) {
    const bool claimed = child.claim_from_queue();
    drop_stale_children();
    return claimed;
  }
  if (!child.claim_by_waiter()) return false;
  if (!child.tags.anchored) ++(child.bound ? stale_bound_ : stale_open_);  // else it is in the mailbox
  return true;
}

/// Stale entries keep their nodes; those that come to the top are dropped, so that waiting in any order costs no
/// memory.
void core::drop_stale_children() noexcept {
  const auto is_stale = [](const node& entry) { return entry.state() != token_state::admitted; };
  while (stale_bound_ != 0 && (bound_.empty() || is_stale(bound_.newest()))) {
    --stale_bound_;
    if (node* const top = bound_.pop()) top->drop_stale();
  }
  while (stale_open_ != 0) {
    node* const top = open_.pop();  // only what was taken out is certain to be there: a thief may end the others
    if (top == nullptr) {
      stale_open_ = 0;
    } else if (is_stale(*top)) {
      --stale_open_;
      top->drop_stale();
    } else {
      open_.push_beyond(*top);          // there is room: it has just been taken out
      return runtime_.work_appeared();  // who fell asleep meanwhile did not see it
    }
  }
}

}  // namespace tokengate::lanes
