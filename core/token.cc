#include <tokengate/core/token.h>

namespace tokengate::detail {
namespace {

std::string describe(const node& subject) {
  const std::string name(subject.record != nullptr ? subject.record->info.name : "submit");
  return "token " + std::to_string(subject.id) + " of '" + name + "'";
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

void throw_killed(const node& killed) {
  // On a hard stop it is the waiting token's turn, too; it is not to take its child's end for a failure.
  const host* const core = host::current();
  if (core != nullptr && core->cancelling() && !waiter{}.shielded) throw stop_unwind{};
  throw token_killed(describe(killed) + " was killed because its coordinator stopped before it could finish");
}

std::chrono::steady_clock::time_point deadline_after(std::chrono::nanoseconds wait) noexcept {
  using clock = std::chrono::steady_clock;
  const auto now = clock::now();
  return wait > clock::time_point::max() - now ? clock::time_point::max() : now + wait;
}

}  // namespace tokengate::detail
