#include <algorithm>
#include <exception>
#include <memory>
#include <string>

#include <sched.h>

#include <tokengate/core/await.h>
#include <tokengate/core/baton.h>
#include <tokengate/core/error.h>
#include <tokengate/core/host.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/node.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/spin_pause.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {
namespace {

using clock = waiter::clock;

/// While it lives, the running token holds no storage permit.
class permit_given_back {
 public:
  explicit permit_given_back(host* core) noexcept : core_(core) {
    if (core_ != nullptr) core_->give_back();
  }
  permit_given_back(const permit_given_back&) = delete;
  permit_given_back& operator=(const permit_given_back&) = delete;
  ~permit_given_back() {
    if (core_ != nullptr) core_->retake();
  }

 private:
  host* core_;
};

/// A thread looks for some microseconds before it makes itself known to the token. Who asks for many tokens one after
/// the other is just behind the core that runs them, and to wake him for each would hold the core up: so he looks less
/// often after a while, and lets the core have his processor if it is the same.
bool over_soon(const node& awaited) noexcept {
  if (host::current() != nullptr) return false;
  constexpr int quick_looks = 16, patient_looks = 16;
  for (int look = 0; look < quick_looks + patient_looks; ++look) {
    look < quick_looks ? spin_pause() : static_cast<void>(::sched_yield());
    if (over(awaited)) return true;
  }
  return false;
}

/// Who waits for a token with a deadline sees to it that the deadline is kept: that way it costs the token no timer.
void expire(node& awaited) noexcept {
  if (now() >= deadline_of(awaited)) request_stop(awaited, awaited.id(), stop_cause::late, 0);
}

clock::time_point earliest_deadline(node* const* awaited, std::size_t count) noexcept {
  auto earliest = clock::time_point::max();
  for (std::size_t i = 0; i < count; ++i)
    if (awaited[i]->dated && !awaited[i]->request.made()) earliest = std::min(earliest, deadline_of(*awaited[i]));
  return earliest;
}

/// False when the token has ended, or nobody is to wait for it any more; then the waiter is not known to it.
bool register_with(node& awaited, waiter& party) noexcept {
  if (!awaited.wait_by(party)) return false;
  return !awaited.request.abandoned() || !awaited.unwait();
}

/// The wait was ended although nothing that it waits for has ended. Only a simulation does that to a thread.
[[noreturn]] void throw_cancelled(const waiter& party) {
  const std::unique_ptr<std::string> deadlock(party.deadlock);
  if (deadlock != nullptr) throw deadlock_detected(*deadlock);
  if (host::current() != nullptr) throw stop_unwind{};
  const auto simulated = baton::of(party);
  throw simulation_stuck("nothing can happen any more in this simulation" +
                         (simulated != nullptr ? " (seed " + std::to_string(simulated->seed()) + ")" : std::string()) +
                         ", but the awaited token has not ended: tokens wait for each other, or for something that "
                         "nobody will do; coordinator::trace() shows how it came to that");
}

/// The token cannot begin before one that waits for it has ended: both are of one exclusive anchor.
bool in_own_strand(const node& awaited) noexcept {
  if (!awaited.tags.exclusive) return false;
  const host* const core = host::current();
  if (core == nullptr || over(awaited)) return false;
  for (const host::frame* each = core->running_frame(); each != nullptr; each = each->outer)
    if (each->token->tags.exclusive && each->token->realm == awaited.realm &&
        anchored(*each->token).key == anchored(awaited).key)
      return true;
  return false;
}

/// A wait that cannot end is refused at once, rather than found by whoever looks for cycles; but what unwinds must not
/// throw.
void refuse_own_strand(node* const* awaited, std::size_t count, waiter::mode mode) {
  const auto own = std::count_if(awaited, awaited + count, [](const node* each) { return in_own_strand(*each); });
  const bool hopeless = mode == waiter::mode::all ? own != 0 : static_cast<std::size_t>(own) == count;
  if (!hopeless || host::current()->unwinding()) return;
  const node& other = **std::find_if(awaited, awaited + count, [](const node* each) { return in_own_strand(*each); });
  const node& self = *host::current()->running();
  const auto named = [](const node& each) {
    return "token " + std::to_string(each.id()) + " of '" + std::string(operation_name(each.operation)) + "'";
  };
  throw deadlock_detected(named(self) + " waits for " + named(other) +
                          ", which has the same key of an exclusive anchor and begins when this one has ended; let go "
                          "of it (detach), or call the function it stands for");
}

/// One wait for all of the tokens, or any, until `until` at most. True unless it timed out.
bool wait_once(node* const* awaited, std::uint32_t count, waiter::mode mode, clock::time_point until) {
  waiter party(count, mode);
  const bool all = mode == waiter::mode::all;
  party.waits_for(count == 1 ? wait_kind::token : all ? wait_kind::all_tokens : wait_kind::any_token, awaited, count);
  std::uint32_t finished = 0, looked_at = 0;
  for (; looked_at < count && (all || finished == 0); ++looked_at)
    if (!register_with(*awaited[looked_at], party)) ++finished;
  auto reason = wake_reason::notified;
  if (all && finished != 0) party.notify(finished);
  if (all || finished == 0) {
    const permit_given_back none_held(host::current());
    reason = party.wait_until(until);
    if (all && reason == wake_reason::notified) return true;
  }
  // All registrations end here; those that cannot be taken back were never made, or their notification comes or came.
  std::uint32_t notified = 0;
  for (std::uint32_t i = 0; i < looked_at; ++i)
    if (!awaited[i]->unwait()) ++notified;
  party.settle(all ? notified : notified - finished);
  if (reason == wake_reason::cancelled) throw_cancelled(party);
  return reason == wake_reason::notified;
}

/// The same, and sees to the deadlines of what is awaited. False when `until` passed first.
bool wait(node* const* awaited, std::size_t count, waiter::mode mode, clock::time_point until) {
  if (host::current() != nullptr) refuse_own_strand(awaited, count, mode);
  for (;;) {
    const auto deadline = earliest_deadline(awaited, count);
    if (wait_once(awaited, static_cast<std::uint32_t>(count), mode, std::min(deadline, until))) return true;
    for (std::size_t i = 0; i < count; ++i) expire(*awaited[i]);
    if (now() >= until) return std::all_of(awaited, awaited + count, [](const node* each) { return over(*each); });
  }
}

bool run_in_place(node& awaited) noexcept {
  host* const core = host::current();
  return core != nullptr && core->run_inline(awaited);
}

}  // namespace

bool over(const node& awaited) noexcept { return awaited.terminal() || awaited.request.abandoned(); }

void await_slowly(node& awaited, bool was_run) {
  if (was_run) {
    // Ended because this token is to stop: then so does this wait.
    if (must_stop()) throw stop_unwind{};
    return;
  }
  if (over(awaited) || over_soon(awaited)) return;
  node* const one = &awaited;
  wait(&one, 1, waiter::mode::all, clock::time_point::max());
}

bool await_until(node& awaited, clock::time_point deadline) {
  if (over(awaited)) return true;
  node* const one = &awaited;
  return wait(&one, 1, waiter::mode::all, deadline);
}

void await_all(node* const* awaited, std::size_t count) {
  std::size_t open = 0;
  for (std::size_t i = count; i-- > 0;)
    if (!run_in_place(*awaited[i]) && !over(*awaited[i])) ++open;
  if (open != 0) await_open(awaited, count);
}

void await_open(node* const* awaited, std::size_t count) {
  wait(awaited, count, waiter::mode::all, clock::time_point::max());
}

std::size_t await_any(node* const* awaited, std::size_t count) {
  // None is run in place: another one may end first.
  for (;;) {
    for (std::size_t i = 0; i < count; ++i)
      if (over(*awaited[i])) return i;
    wait(awaited, count, waiter::mode::any, clock::time_point::max());
  }
}

}  // namespace tokengate::detail
