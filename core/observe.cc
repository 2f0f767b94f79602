#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include <sched.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/error.h>
#include <tokengate/core/host.h>
#include <tokengate/core/launch.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/stop_reason.h>

namespace tokengate {
namespace detail {

struct state_observer {
  state_observer(std::uint16_t of_realm, std::function<void(const state_change&)> function)
      : realm(of_realm), call(std::move(function)) {}

  const std::uint16_t realm;
  const std::function<void(const state_change&)> call;
  // A caller counts itself in and then looks whether the observer is gone; who removes it says so and then looks
  // whether somebody is in. Both seq_cst, so at least one sees the other. The decrement is a release that the remover
  // acquires: what the call did happens before the return of end().
  std::atomic<std::uint32_t> inside{0};
  std::atomic<bool> gone{false};
  std::atomic<std::uint64_t> failures{0};  // relaxed: a number
};

namespace {

using observer_list = std::vector<std::shared_ptr<state_observer>>;

struct observers {
  std::mutex mutex;
  std::shared_ptr<const observer_list> all = std::make_shared<observer_list>();  // replaced, never changed

  static observers& instance() {
    static auto* const forever = new observers;
    return *forever;
  }
};

/// The observers that this thread is inside of; an observer may remove itself, or cause changes itself.
struct call_in_progress {
  explicit call_in_progress(const state_observer& of) noexcept : observer(of), outer(innermost) { innermost = this; }
  call_in_progress(const call_in_progress&) = delete;
  call_in_progress& operator=(const call_in_progress&) = delete;
  ~call_in_progress() { innermost = outer; }

  const state_observer& observer;
  const call_in_progress* const outer;
  static inline thread_local constinit const call_in_progress* innermost = nullptr;
};

void leave(const std::shared_ptr<state_observer>& entry) noexcept {
  if (entry->gone.exchange(true, std::memory_order_seq_cst)) return;
  auto& [mutex, all] = observers::instance();
  const std::scoped_lock lock(mutex);
  try {
    observer_list rest;
    for (const auto& each : *all)
      if (each != entry) rest.push_back(each);
    watch_new_tokens(!rest.empty());
    all = std::make_shared<observer_list>(std::move(rest));
  } catch (const std::bad_alloc&) {
    // It stays in the list, and is passed over there.
  }
}

void wait_until_left(const state_observer& entry) noexcept {
  std::uint32_t own = 0;
  for (const auto* each = call_in_progress::innermost; each != nullptr; each = each->outer)
    own += &each->observer == &entry ? 1 : 0;
  while (entry.inside.load(std::memory_order_seq_cst) > own) ::sched_yield();
}

void call(state_observer& each, const state_change& change) noexcept {
  each.inside.fetch_add(1, std::memory_order_seq_cst);
  if (!each.gone.load(std::memory_order_seq_cst)) {
    const call_in_progress here(each);
    try {
      each.call(change);
    } catch (...) {
      each.failures.fetch_add(1, std::memory_order_relaxed);
    }
  }
  each.inside.fetch_sub(1, std::memory_order_release);
}

void tell_all(std::uint16_t realm, std::uint64_t id, std::uint32_t operation, token_state from, token_state to,
              std::uint32_t reason) noexcept {
  std::shared_ptr<const observer_list> told;
  {
    auto& [mutex, all] = observers::instance();
    const std::scoped_lock lock(mutex);
    told = all;
  }
  state_change change;
  for (const auto& each : *told) {
    if (each->realm != realm) continue;
    if (change.token == 0) {
      const host* const core = host::current();
      const bool stopped = to == token_state::killed || to == token_state::timeout;
      change = {id,
                operation_name(operation),
                from,
                to,
                stopped ? stop_reason_text(reason) : std::string_view(),
                core != nullptr ? static_cast<int>(core->index()) : state_change::no_core};
    }
    call(*each, change);
  }
}

}  // namespace

observation observe(std::uint16_t realm, std::function<void(const state_change&)> call) {
  if (!call) throw misuse("observe: the observer is an empty function");
  auto entry = std::make_shared<state_observer>(realm, std::move(call));
  {
    auto& [mutex, all] = observers::instance();
    const std::scoped_lock lock(mutex);
    auto more = std::make_shared<observer_list>(*all);
    more->push_back(entry);
    all = std::move(more);
    watch_new_tokens(true);
  }
  heavy_fence();  // whoever makes a token from now on sees that it is to be watched (dispatch() reads relaxed)
  return observation(std::move(entry));
}

void end_observations(std::uint16_t realm) noexcept {
  std::shared_ptr<const observer_list> present;
  {
    auto& [mutex, all] = observers::instance();
    const std::scoped_lock lock(mutex);
    present = all;
  }
  for (const auto& each : *present) {
    if (each->realm != realm) continue;
    leave(each);
    wait_until_left(*each);
  }
}

void tell_watched(const node& subject, token_state from, token_state to) noexcept {
  tell_all(subject.realm, subject.id(), subject.operation, from, to, subject.request.reason());
}

farewell::farewell(const node& subject) noexcept
    : id_(subject.id()), operation_(subject.operation), realm_(subject.realm), watched_(subject.watched) {}

farewell::farewell(std::uint16_t realm, std::uint64_t id, std::uint32_t operation) noexcept
    : id_(id), operation_(operation), realm_(realm), watched_(true) {}

void farewell::tell(token_state from, token_state to, std::uint32_t reason) const noexcept {
  if (watched_) tell_all(realm_, id_, operation_, from, to, reason);
}

}  // namespace detail

void observation::end() noexcept {
  if (entry_ == nullptr) return;
  detail::leave(entry_);
  detail::wait_until_left(*entry_);
}

std::uint64_t observation::failures() const noexcept {
  return entry_ != nullptr ? entry_->failures.load(std::memory_order_relaxed) : 0;
}

}  // namespace tokengate
