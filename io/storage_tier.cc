#include <cassert>

#include <tokengate/core/clock.h>
#include <tokengate/core/error.h>
#include <tokengate/io/storage_tier.h>

namespace tokengate::io {
namespace {

constexpr unsigned limit_shift = 32;
constexpr std::uint64_t waited_for = std::uint64_t{1} << 31;
constexpr std::uint64_t held_mask = waited_for - 1;

constexpr unsigned limit_of(std::uint64_t word) noexcept { return static_cast<unsigned>(word >> limit_shift); }
constexpr unsigned held_of(std::uint64_t word) noexcept { return static_cast<unsigned>(word & held_mask); }
constexpr bool has_free(std::uint64_t word) noexcept { return held_of(word) < limit_of(word); }

std::uint64_t as_limit(unsigned limit) {
  if (limit == 0) throw misuse("a storage tier needs a limit of at least 1: with 0 its tokens would wait for ever");
  return std::uint64_t{limit} << limit_shift;
}

std::chrono::nanoseconds duration_of(std::uint64_t ticks) noexcept { return detail::to_nanoseconds(ticks); }

}  // namespace

storage_tier::storage_tier(unsigned limit) : word_(as_limit(limit)) {}

bool storage_tier::try_acquire() noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  while ((word & waited_for) == 0 && has_free(word)) {
    // Acquire pairs with the release of who gave the permit back.
    if (word_.compare_exchange_weak(word, word + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      granted_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

bool storage_tier::acquire(permit_request& request) noexcept {
  return try_acquire() || acquire_slow(request, permit_request::place::fresh);
}

bool storage_tier::acquire_again(permit_request& request) noexcept {
  return try_acquire() || acquire_slow(request, permit_request::place::returning);
}

bool storage_tier::acquire_slow(permit_request& request, permit_request::place where) noexcept {
  const std::lock_guard lock(mutex_);
  auto word = word_.load(std::memory_order_relaxed);
  // A release without a waiter takes no lock: it comes either before the mark, and then this loop finds its permit
  // free, or after it, and then it must take the lock and finds the request.
  while ((word & waited_for) == 0) {
    const bool free = has_free(word);
    if (word_.compare_exchange_weak(word, free ? word + 1 : word | waited_for, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      if (!free) break;
      granted_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  request.queued = where;
  request.stamp = detail::ticks();
  (where == permit_request::place::returning ? returning_ : fresh_).push_back(request);
  return false;
}

bool storage_tier::withdraw(permit_request& request) noexcept {
  const std::lock_guard lock(mutex_);
  if (request.queued == permit_request::place::nowhere) return false;
  queue& from = request.queued == permit_request::place::returning ? returning_ : fresh_;
  from.erase(from.iterator_to(request));
  request.queued = permit_request::place::nowhere;
  // Relaxed: the mark carries no data, and nobody else writes the word while it is set.
  if (returning_.empty() && fresh_.empty()) word_.fetch_and(~waited_for, std::memory_order_relaxed);
  return true;
}

void storage_tier::release() noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  assert(held_of(word) != 0);
  while ((word & waited_for) == 0) {
    // Release: what was done under the permit is visible to who takes it next.
    if (word_.compare_exchange_weak(word, word - 1, std::memory_order_release, std::memory_order_relaxed)) return;
  }
  queue served;
  {
    const std::lock_guard lock(mutex_);
    word_.fetch_sub(1, std::memory_order_release);  // the queue may have emptied meanwhile: then this is all
    serve(served);
  }
  tell(served);
}

void storage_tier::set_limit(unsigned limit) {
  const auto wanted = as_limit(limit);
  queue served;
  {
    const std::lock_guard lock(mutex_);
    auto word = word_.load(std::memory_order_relaxed);
    // Relaxed: a limit orders nothing. The loop is for those who take and give back without the mutex.
    while (!word_.compare_exchange_weak(word, wanted | (word & (waited_for | held_mask)), std::memory_order_relaxed)) {
    }
    serve(served);
  }
  tell(served);
}

/// Moves to `served` whom the free permits are for; under the mutex.
void storage_tier::serve(queue& served) noexcept {
  if (returning_.empty() && fresh_.empty()) return;
  auto word = word_.load(std::memory_order_relaxed);  // marked as waited for, hence stable under the mutex
  const auto now = detail::ticks();
  while (has_free(word) && (word & waited_for) != 0) {
    queue& from = returning_.empty() ? fresh_ : returning_;
    permit_request& first = from.front();
    from.pop_front();
    first.queued = permit_request::place::nowhere;
    served.push_back(first);
    const auto waited = now > first.stamp ? now - first.stamp : 0;  // stamps of two cores may stand the wrong way round
    waits_.add(waited);
    wait_ticks_ += waited;
    granted_.fetch_add(1, std::memory_order_relaxed);
    ++word;
    if (returning_.empty() && fresh_.empty()) word &= ~waited_for;
  }
  // Acquire and release: who is served goes on from here, and who comes next without the mutex follows it.
  word_.exchange(word, std::memory_order_acq_rel);
}

void storage_tier::tell(queue& served) noexcept {
  while (!served.empty()) {
    permit_request& first = served.front();
    served.pop_front();
    first.granted(first);  // may end the request
  }
}

unsigned storage_tier::limit() const noexcept { return limit_of(word_.load(std::memory_order_relaxed)); }
unsigned storage_tier::held() const noexcept { return held_of(word_.load(std::memory_order_relaxed)); }

storage_tier_statistics storage_tier::statistics() const {
  detail::histogram::total waits;
  storage_tier_statistics result;
  {
    const std::lock_guard lock(mutex_);
    const auto word = word_.load(std::memory_order_relaxed);
    result.limit = limit_of(word);
    result.held = held_of(word);
    result.waiting = returning_.size() + fresh_.size();
    result.granted = granted_.load(std::memory_order_relaxed);
    result.wait_total = duration_of(wait_ticks_);
    waits.add(waits_);
  }
  result.waits = waits.count();
  result.wait_p50 = duration_of(waits.percentile(0.5));
  result.wait_p99 = duration_of(waits.percentile(0.99));
  result.wait_max = duration_of(waits.max());
  return result;
}

}  // namespace tokengate::io
