#include <tokengate/core/host.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/live_tokens.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/stop_reason.h>
#include <tokengate/core/token.h>

namespace tokengate::detail {
namespace {

std::string describe(const node& subject) {
  return "token " + std::to_string(subject.id()) + " of '" + std::string(operation_name(subject.operation)) + "'";
}

}  // namespace

void throw_empty_token() {
  throw misuse(
      "this token is empty: it was moved from, detached, or its result was taken already; keep the result instead");
}

void throw_wait_timed_out(const node& awaited) {
  throw wait_timed_out(describe(awaited) + " is still " + std::string(to_string(awaited.state())) +
                       " after the time given; ask again, or detach() it");
}

void throw_ended(const node& ended) {
  // If it is the waiting token's turn, too, it is not to take its child's end for a failure.
  if (must_stop()) throw stop_unwind{};
  const auto reason = stop_reason_text(ended.request.reason());
  const std::string why = reason.empty() ? "" : ": " + std::string(reason);
  switch (ended.state()) {
    case token_state::killed:
      throw token_killed(describe(ended) + " was killed" + why);
    case token_state::timeout:
      throw token_timed_out(describe(ended) + " did not end within its timeout" + why);
    default:
      throw stop_abandoned(
          describe(ended) +
          " would not stop, so its coordinator stopped without it; let it reach a suspension point, or "
          "ask this_token::stop_requested() where it computes for long");
  }
}

token_status status_of(const node& subject) {
  token_status made = snapshot_of(subject, subject.id());
  if (subject.timed) {
    const auto& extra = subject.extra();
    made.created = time_of(extra.created);
    made.started = time_of(extra.started);
    made.ended = time_of(extra.ended);
  }
  return made;
}

bool kill(node& subject, std::string_view reason) {
  return request_stop(subject, subject.id(), stop_cause::killed, stop_reason_number(reason));
}

void end_with_parent(node& child) noexcept {
  if (!stop_requested()) return;
  request_stop(child, child.id(), stop_cause::killed, stop_reason_number("its parent was stopped"));
}

std::chrono::steady_clock::time_point deadline_after(std::chrono::nanoseconds wait) noexcept {
  using clock = std::chrono::steady_clock;
  const auto now = detail::now();
  return wait > clock::time_point::max() - now ? clock::time_point::max() : now + wait;
}

}  // namespace tokengate::detail
