#include <exception>

#include <tokengate/core/host.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/place.h>

namespace tokengate::detail {

using clock = waiter::clock;

bool request_stop(node& subject, std::uint64_t id, stop_cause cause, std::uint32_t reason) noexcept {
  const auto word = subject.word();
  if (word >> node::id_shift != id || is_terminal(node::state_of(word))) return false;
  const std::uint32_t operation = subject.operation;
  const std::uint16_t realm = subject.realm;
  {
    const place::pinned home(realm);
    if (home.get() == nullptr || !subject.request.make(id, cause, reason)) return false;
  }
  const auto end = cause == stop_cause::late ? token_state::timeout : token_state::killed;
  // The request stands, so from now on nobody runs the token's function who has not claimed it yet, but for a parent
  // that is just then running it in place: that one sees it at its first wait.
  const farewell last(realm, id, operation);
  const bool ended = subject.end_in_queue(id, end, false, [&](token_state from) {
    {
      // Its coordinator cannot go before this is counted.
      const place::pinned home(realm);
      if (home.get() != nullptr) home.get()->note_ended_outside(subject, end);
    }
    last.tell(from, end, reason);  // nothing is locked here
  });
  const place::pinned home(realm);
  if (!ended && home.get() != nullptr) home.get()->attend();
  return true;
}

clock::time_point deadline_of(const node& subject) noexcept {
  if (!subject.dated) return clock::time_point::max();
  return clock::time_point(std::chrono::nanoseconds(subject.extra().deadline));
}

void set_deadline(node& made, clock::time_point deadline) noexcept {
  if (made.dated && deadline >= deadline_of(made)) return;
  made.extra().deadline = std::chrono::nanoseconds(deadline.time_since_epoch()).count();
  made.dated = true;
}

bool stop_requested() noexcept {
  const host* const core = host::current();
  if (core == nullptr || core->running() == nullptr) return false;
  if (core->cancelling()) return true;
  // Children inherit deadlines, so the innermost one is the earliest.
  if (core->running()->dated && core->now() >= deadline_of(*core->running())) return true;
  return stop_requested(core->running_frame());
}

bool stop_requested(const host::frame* top) noexcept {
  for (const host::frame* each = top; each != nullptr; each = each->outer) {
    // What a shielded token waits for goes on, whatever is wanted of that token.
    if (each != top && each->token->shields != 0) return false;
    if (each->token->request.made()) return true;
  }
  return false;
}

bool must_stop() noexcept {
  const host* const core = host::current();
  if (core == nullptr || core->running() == nullptr || core->running()->shields != 0) return false;
  return stop_requested() && std::uncaught_exceptions() == 0;
}

}  // namespace tokengate::detail
