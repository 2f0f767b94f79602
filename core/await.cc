#include <exception>

#include <tokengate/core/await.h>
#include <tokengate/core/host.h>
#include <tokengate/core/node.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {
namespace {

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

}  // namespace

void await(node& awaited) {
  if (awaited.terminal()) return;
  host* const core = host::current();
  if (core != nullptr && core->run_inline(awaited)) return;
  waiter party;
  if (!awaited.wait_by(party)) return;
  const permit_given_back none_held(core);
  if (party.wait() == wake_reason::notified) return;
  if (!awaited.unwait()) party.settle(1);
  throw stop_unwind{};
}

bool await_until(node& awaited, std::chrono::steady_clock::time_point deadline) {
  if (awaited.terminal()) return true;
  host* const core = host::current();
  waiter party;
  if (!awaited.wait_by(party)) return true;
  const permit_given_back none_held(core);
  const wake_reason reason = party.wait_until(deadline);
  if (reason == wake_reason::notified) return true;
  const bool finished = !awaited.unwait();
  if (finished) party.settle(1);
  if (reason == wake_reason::cancelled) throw stop_unwind{};
  return finished;
}

void await_all(node* const* awaited, std::size_t count) {
  host* const core = host::current();
  std::uint32_t open = 0;
  for (std::size_t i = count; i-- > 0;)
    if (!awaited[i]->terminal() && (core == nullptr || !core->run_inline(*awaited[i]))) ++open;
  if (open == 0) return;

  waiter party(static_cast<std::uint32_t>(count));
  std::uint32_t finished = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (!awaited[i]->wait_by(party)) ++finished;
  if (finished != 0) party.notify(finished);
  const permit_given_back none_held(core);
  if (party.wait() == wake_reason::notified) return;
  std::uint32_t notified = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (!awaited[i]->unwait()) ++notified;
  party.settle(notified);
  throw stop_unwind{};
}

std::size_t await_any(node* const* awaited, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (awaited[i]->terminal()) return i;
  // None is run in place: another one may end first.
  host* const core = host::current();
  waiter party(static_cast<std::uint32_t>(count), waiter::mode::any);
  std::size_t registered = 0;
  while (registered < count && awaited[registered]->wait_by(party)) ++registered;
  auto reason = wake_reason::notified;
  if (registered == count) {
    const permit_given_back none_held(core);
    reason = party.wait();
  }
  // All registrations end here; those that cannot be taken back are of tokens that are terminal.
  std::size_t first = registered;
  std::uint32_t notified = 0;
  for (std::size_t i = registered; i-- > 0;) {
    if (awaited[i]->unwait()) continue;
    first = i;
    ++notified;
  }
  party.settle(notified);
  if (reason == wake_reason::cancelled) throw stop_unwind{};
  return first;
}

}  // namespace tokengate::detail
