#include <ctime>

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tokengate/core/baton.h>
#include <tokengate/core/host.h>
#include <tokengate/core/node.h>
#include <tokengate/core/spin_pause.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {
namespace {

// A thread looks this often before it sleeps in the kernel: long enough for a token that another core is just finishing
// (a round trip between awake cores is below a microsecond), short against the 20 us that a futex wake costs.
constexpr int spins_before_sleep = 512;

// FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, which is what steady_clock counts on Linux.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, const timespec* until) noexcept {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_BITSET_PRIVATE, expected, until, nullptr,
            FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(std::atomic<std::uint32_t>* word) noexcept {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

timespec to_timespec(waiter::clock::time_point at) noexcept {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
  return ns <= 0 ? timespec{0, 0} : timespec{ns / 1'000'000'000, ns % 1'000'000'000};
}

// Cancelling a wait throws, which nobody may do who is unwinding, or ends what an ended token held.
bool is_shielded() noexcept {
  const host* const core = host::current();
  return core != nullptr && (core->running() == nullptr || core->running()->shields != 0 || core->unwinding());
}

}  // namespace

waiter::waiter(std::uint32_t count, mode how) noexcept
    : shielded(is_shielded()), remaining_(count), count_(count), mode_(how), host_(host::current()) {}

bool waiter::park() noexcept {
  auto expected = running;
  // Release: what the owner wrote (the fiber pointer) is visible to who finds it parked. Acquire on failure: pairs with
  // the decision that was faster.
  return word_.compare_exchange_strong(expected, parked, std::memory_order_acq_rel, std::memory_order_acquire);
}

wake_reason waiter::wait() noexcept {
  if (host_ == nullptr) return wait_as_thread({}, false);
  host_->prepare(*this);
  if (park()) host_->suspend(*this);
  return static_cast<wake_reason>(word_.load(std::memory_order_acquire));
}

wake_reason waiter::wait_until(clock::time_point until) noexcept {
  if (until == clock::time_point::max()) return wait();
  if (host_ == nullptr) return wait_as_thread(until, true);
  deadline = until;
  host_->prepare(*this);
  if (park()) host_->suspend_until(*this);
  return static_cast<wake_reason>(word_.load(std::memory_order_acquire));
}

wake_reason waiter::wait_as_thread(clock::time_point until, bool timed) noexcept {
  if (const auto simulated = baton::of(*this)) [[unlikely]]
    return wait_in(*simulated, timed ? until : clock::time_point::max(), false);
  for (int spin = 0; spin < spins_before_sleep; ++spin) {
    const auto word = word_.load(std::memory_order_acquire);
    if (word > parked) return static_cast<wake_reason>(word);
    spin_pause();
  }
  const timespec at = timed ? to_timespec(until) : timespec{};
  if (!park()) return static_cast<wake_reason>(word_.load(std::memory_order_acquire));
  for (;;) {
    futex_wait(word_, parked, timed ? &at : nullptr);
    const auto word = word_.load(std::memory_order_acquire);
    if (word > parked) return static_cast<wake_reason>(word);
    if (timed && clock::now() >= until && decide(wake_reason::timed_out)) return wake_reason::timed_out;
  }
}

wake_reason waiter::wait_in(baton& simulated, clock::time_point until, bool until_idle,
                            std::chrono::nanoseconds patience) noexcept {
  const bool patient = patience == std::chrono::nanoseconds::max();
  const auto last = patient ? clock::time_point::max() : clock::now() + patience;
  const timespec at = to_timespec(last);
  if (park()) {
    simulated.enter(*this, until, until_idle);
    while (!decided()) {
      futex_wait(word_, parked, patient ? nullptr : &at);
      if (!patient && clock::now() >= last) decide(wake_reason::timed_out);
    }
    simulated.leave(*this);
  }
  return static_cast<wake_reason>(word_.load(std::memory_order_acquire));
}

void waiter::end_as_thread(wake_reason reason) noexcept {
  if (decide(reason)) futex_wake(&word_);
}

bool waiter::decide(wake_reason reason) noexcept {
  auto expected = word_.load(std::memory_order_relaxed);
  do {
    if (expected > parked) return false;
  } while (!word_.compare_exchange_weak(expected, static_cast<std::uint32_t>(reason), std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  return expected == parked;
}

void waiter::notify(std::uint32_t times) noexcept {
  if (mode_ == mode::any) {
    static_cast<void>(notify_now());
    let_go_.fetch_add(times, std::memory_order_release);  // the owner waits for this in settle()
    return;
  }
  // Who is not last must not touch the waiter after this line: the last one may wake the owner, who ends it.
  if (count_ == 1)
    remaining_.store(0, std::memory_order_release);  // nobody else counts; read by settle()
  else if (remaining_.fetch_sub(times, std::memory_order_acq_rel) != times)
    return;
  if (!notify_now()) let_go_.store(1, std::memory_order_release);  // too late: the owner is, or will be, in settle()
}

/// Decides the wait and wakes the owner. False: it was decided already. After true with mode::all this object may be
/// gone.
bool waiter::notify_now() noexcept {
  host* const home = host_;  // copied first: a thread that spins may leave wait() as soon as its word is decided
  auto* const word = &word_;
  auto expected = word_.load(std::memory_order_relaxed);
  do {
    if (expected > parked) return false;
  } while (!word_.compare_exchange_weak(expected, static_cast<std::uint32_t>(wake_reason::notified),
                                        std::memory_order_acq_rel, std::memory_order_relaxed));
  if (expected != parked) return true;
  // A fiber stays suspended until it is handed over. A thread's word may be gone by now; then the kernel finds nobody.
  if (home != nullptr)
    home->ready(*this);
  else
    futex_wake(word);
  return true;
}

void waiter::settle(std::uint32_t made) const noexcept {
  // The notifiers are threads between two instructions: giving them the processor is all that can help.
  if (mode_ == mode::any) {
    while (let_go_.load(std::memory_order_acquire) < made) ::sched_yield();
    return;
  }
  while (remaining_.load(std::memory_order_acquire) > count_ - made) ::sched_yield();
  while (made == count_ && let_go_.load(std::memory_order_acquire) == 0) ::sched_yield();
}

}  // namespace tokengate::detail
