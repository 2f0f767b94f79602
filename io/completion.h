// The meeting point of something that will be done elsewhere and the one party that waits for it.
#pragma once

#include <atomic>
#include <cstdint>

#include <tokengate/core/waiter.h>

namespace tokengate::io {

/// Completed once, by any thread; waited for by one party at a time, a thread or a fiber.
class completion {
 public:
  completion() = default;
  completion(const completion&) = delete;
  completion& operator=(const completion&) = delete;

  /// Acquire: what was written before complete() is visible when this is true.
  [[nodiscard]] bool done() const noexcept { return word_.load(std::memory_order_acquire) == complete_mark; }

  /// Ends the wait. The object must not be touched by the caller afterwards: its owner may end it at once.
  void complete() noexcept {
    // Release for the result that the owner reads; acquire for the waiter that it registered.
    const auto word = word_.exchange(complete_mark, std::memory_order_acq_rel);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the word holds a mark or a pointer
    if (word != nobody) reinterpret_cast<detail::waiter*>(word)->notify();
  }

  /// Blocks the thread, or suspends the fiber, until complete() came. True: it came by itself. False: the token is
  /// to stop; `hurry` was called, which should make complete() come soon, and it came. Never false while an
  /// exception is being unwound.
  template <class Hurry>
  bool wait(Hurry hurry) noexcept {
    if (done()) return true;
    detail::waiter party;
    party.waits_for(detail::wait_kind::io);
    if (!enrol(party) || party.wait() == detail::wake_reason::notified) return true;
    if (!withdraw(party)) {
      party.settle(1);
      return false;
    }
    hurry();
    wait_shielded();
    return false;
  }

  /// The same, come what may.
  void wait_shielded() noexcept {
    if (done()) return;
    detail::waiter party;
    party.waits_for(detail::wait_kind::io);
    party.shielded = true;
    if (enrol(party)) party.wait();
  }

 private:
  static constexpr std::uintptr_t nobody = 0, complete_mark = 1;  // any other value: the waiter

  bool enrol(detail::waiter& party) noexcept {
    auto expected = nobody;
    // Release: the waiter's fields; acquire on failure: the result.
    return word_.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&party), std::memory_order_acq_rel,
                                         std::memory_order_acquire);
  }
  bool withdraw(detail::waiter& party) noexcept {
    auto expected = reinterpret_cast<std::uintptr_t>(&party);
    return word_.compare_exchange_strong(expected, nobody, std::memory_order_acq_rel, std::memory_order_acquire);
  }

  std::atomic<std::uintptr_t> word_{nobody};
};

}  // namespace tokengate::io
