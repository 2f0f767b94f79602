#include <thread>

#include <tokengate/core/error.h>
#include <tokengate/core/host.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/node.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/token.h>

namespace tokengate::this_token {

std::uint64_t id() noexcept {
  const detail::host* const core = detail::host::current();
  return core != nullptr && core->running() != nullptr ? core->running()->id() : 0;
}

unsigned core() {
  const detail::host* const core = detail::host::current();
  if (core == nullptr) throw misuse("this_token::core() was called outside a token; only tokens run on a core");
  return core->index();
}

void yield() {
  detail::host* const core = detail::host::current();
  if (core == nullptr) return std::this_thread::yield();
  core->yield();
  if (detail::must_stop()) throw detail::stop_unwind{};
}

void sleep_until(std::chrono::steady_clock::time_point wake) {
  detail::waiter party;
  party.waits_for(detail::wait_kind::sleep);
  if (party.wait_until(wake) == detail::wake_reason::cancelled) throw detail::stop_unwind{};
}

void sleep_for(std::chrono::nanoseconds length) { sleep_until(detail::deadline_after(length)); }

std::chrono::steady_clock::time_point now() noexcept { return detail::now(); }

bool stop_requested() noexcept {
  if (detail::host* const core = detail::host::current()) core->checkpoint();
  return detail::stop_requested();
}

std::chrono::steady_clock::time_point deadline() noexcept {
  const detail::host* const core = detail::host::current();
  if (core == nullptr || core->running() == nullptr) return std::chrono::steady_clock::time_point::max();
  return detail::deadline_of(*core->running());
}

shield::shield() noexcept {
  detail::host* const core = detail::host::current();
  token_ = core != nullptr ? core->running() : nullptr;
  if (token_ != nullptr) ++token_->shields;
}

shield::~shield() {
  if (token_ != nullptr) --token_->shields;
}

}  // namespace tokengate::this_token
