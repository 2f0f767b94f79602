// Stop requests: what is suspended here goes on and unwinds, what is queued here ends. And what else is asked of a
// core.
#include <utility>

#include <tokengate/core/kill.h>
#include <tokengate/core/node_pool.h>
#include <tokengate/core/observe.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/permit_wait.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::node;
using detail::wake_reason;

void core::attend() noexcept {
  // Cleared before the look: a request that comes later sets it anew. Acquire: the requests come with it.
  const auto modes = modes_.fetch_and(~modes_of_attention, std::memory_order_acq_rel);
  if ((modes & mode_surveyed) != 0) answer_survey();
  if ((modes & mode_tidying) != 0) tidy();
  if ((modes & mode_attention) == 0) return;
  const bool hard_stop = (modes & mode_cancelling) != 0;
  for (worker* each = all_workers_; each != nullptr; each = each->next) {
    const frame* const top = each == current_worker_ ? frame_ : each->top;
    if (hard_stop)
      for (const frame* inner = top; inner != nullptr; inner = inner->outer)
        inner->token->request.make(inner->token->id(), detail::stop_cause::killed, runtime_.reason_stopped);
    if (each->parked == nullptr || each->parked->shielded || !detail::stop_requested(top)) continue;
    // decide() tells who makes the fiber ready: it may have been decided by somebody else meanwhile.
    if (!each->parked->decide(wake_reason::cancelled)) continue;
    detail::add_relaxed(counters_.cancelled_waits);
    scheduler_->awakened(each->context);
  }
  if (hard_stop) end_strands();
  end_queued_children();
}

/// Those that wait for their turn may wait for one that does not stop.
void core::end_strands() noexcept {
  strands_.for_each([this](node& waiting, const node&) {
    waiting.request.make(waiting.id(), detail::stop_cause::killed, runtime_.reason_stopped);
    auto& counters = counted(waiting);
    const detail::farewell last(waiting);
    waiting.end_in_queue(waiting.id(), token_state::killed, true, [&](token_state from) {
      counters.count(token_state::killed);
      left(waiting);
      last.tell(from, token_state::killed, runtime_.reason_stopped);
    });
  });
}

/// Room for very many children is no use to few, and each free block in the thread's cache keeps a whole slab. Some
/// times a second at most, for the cache is warm and costs a lock to fill.
void core::tidy() noexcept {
  open_.trim();
  bound_.trim();
  domains_.trim(index_);
  if (index_ == 0) runtime_.pins.trim();
  detail::thread_cache::local().flush();
}

/// Children are ended by their core only (node.h).
void core::end_queued_children() noexcept {
  const auto end = [this](node& child) {
    if (!child.request.made() || child.state() != token_state::admitted) return false;
    const auto how = child.request.made_late() ? token_state::timeout : token_state::killed;
    auto& counters = counted(child);
    const detail::farewell last(child);
    const auto reason = child.request.reason();
    return child.end_in_queue(child.id(), how, true, [&](token_state from) {
      counters.count(how);
      left(child);
      last.tell(from, how, reason);
    });
  };
  for (node* const each : bound_)
    if (end(*each)) ++stale_bound_;
  held_.for_each(end);
  for (permit_wait* each = permit_waits_; each != nullptr;) {
    permit_wait* const request = std::exchange(each, each->next);
    node& token = *request->token;
    end(token);
    // One that was ended, by whomever, is not to keep its turn until there is a permit.
    if (!token.tags.exclusive || !token.ended() || !tier_of(runtime_, token).withdraw(*request)) continue;
    request->leave();
    delete request;
    strands_.leave(token);
    token.drop_stale();
  }
  open_.for_each([&](node& each) {
    if (end(each)) ++stale_open_;
  });
}

}  // namespace tokengate::lanes
