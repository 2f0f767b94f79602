// One party that waits: a plain thread or the fiber of a token. All waiting in TokenGate ends here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <boost/intrusive/set_hook.hpp>

namespace tokengate::detail {

class baton;
class host;
class node;
struct debugger_layout;

/// How a wait ended. Exactly one of them wins, by compare-exchange on the waiter's word.
enum class wake_reason : std::uint32_t { notified = 2, timed_out = 3, cancelled = 4 };

/// What a party waits for; for those who look on (deadlock detection, the list of live tokens).
enum class wait_kind : std::uint8_t { other, token, all_tokens, any_token, sleep, io, storage_permit, lock };

/// Lives on the stack of the party that waits, for one wait. The context that constructs it is the one that waits.
///
/// Protocol: hand the waiter to `count` parties, each of which calls notify() exactly once, then call wait() or
/// wait_until(). After a wait that did not end by notification the owner must make sure that nobody will call
/// notify() any more (take the waiter back, or settle()) before the waiter goes out of scope.
class waiter {
 public:
  using clock = std::chrono::steady_clock;

  enum class mode : std::uint8_t { all, any };

  /// With mode::all `count` notifications end the wait (gather waits for many tokens with one waiter). With mode::any
  /// the first of up to `count` does; then settle() is due after every wait.
  explicit waiter(std::uint32_t count = 1, mode how = mode::all) noexcept;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  /// Says what is waited for; the array must live as long as the waiter.
  void waits_for(wait_kind what, node* const* tokens = nullptr, std::uint32_t count = 0) noexcept {
    kind = what;
    awaited = tokens;
    awaited_count = count;
  }
  /// The same for a lock, which says by `owning` which token has it (its id, 0: none); lives as long as the waiter.
  void waits_for_lock(const std::atomic<std::uint64_t>& owning) noexcept {
    kind = wait_kind::lock;
    owner = &owning;
  }

  /// Blocks the thread, or suspends the fiber and lets its core drain on. A fiber's wait may end `cancelled` when its
  /// coordinator stops hard; a thread's never does.
  wake_reason wait() noexcept;
  wake_reason wait_until(clock::time_point deadline) noexcept;

  /// `times` of the `count` events came. Any thread, also under locks: it never blocks. Wakes the owner with the last
  /// one. The waiter must not be touched by the caller afterwards.
  void notify(std::uint32_t times = 1) noexcept;

  /// After a timed-out or cancelled wait, or any wait with mode::any: blocks (briefly) until `made` notifications in
  /// total, those that could not be taken back, have come and their callers have let go of this object.
  void settle(std::uint32_t made) const noexcept;

  // For hosts only ---------------------------------------------------------------------------------------------------
  /// Decides the wait by `reason` if it is still open; true when this call won. The host then makes the fiber ready.
  bool decide(wake_reason reason) noexcept;
  /// A snapshot; acquire: what came before the decision is visible.
  [[nodiscard]] bool decided() const noexcept { return word_.load(std::memory_order_acquire) > parked; }

  /// How it was decided.
  [[nodiscard]] wake_reason reason() const noexcept {
    return static_cast<wake_reason>(word_.load(std::memory_order_acquire));
  }

  // For simulations (baton.h) ----------------------------------------------------------------------------------------
  /// Blocks the thread while the cores of the simulation run, until the wait is decided, `until` has come there, or,
  /// with `until_idle`, nothing is left to be done. Gives up after `patience` of real time.
  wake_reason wait_in(baton& simulated, clock::time_point until, bool until_idle,
                      std::chrono::nanoseconds patience = std::chrono::nanoseconds::max()) noexcept;
  /// Decides the wait of a thread, and wakes it, if it is still open.
  void end_as_thread(wake_reason reason) noexcept;

  bool shielded;      ///< may not be cancelled: the owner is unwinding already
  bool late = false;  ///< the deadline is that of the token, not that of the wait
  wait_kind kind = wait_kind::other;
  std::uint32_t awaited_count = 0;
  union {
    node* const* awaited = nullptr;           ///< what is waited for, if that is tokens
    const std::atomic<std::uint64_t>* owner;  ///< id of the token that owns it, for wait_kind::lock
  };
  std::string* deadlock = nullptr;  ///< why it was cancelled, if it is in a cycle of waits; then the owner's to delete
  std::uint64_t serial = 0;         ///< of this wait among those of its core; set by its host when it suspends
  node* token = nullptr;            ///< the suspended token; set by its host
  void* fiber = nullptr;            ///< the suspended fiber, set and read by its host
  waiter* next = nullptr;           ///< link in the host's list of fibers that other threads made ready
  clock::time_point deadline;
  boost::intrusive::set_member_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>> timer_hook;

 private:
  friend struct debugger_layout;

  static constexpr std::uint32_t running = 0, parked = 1;

  bool park() noexcept;
  bool notify_now() noexcept;
  wake_reason wait_as_thread(clock::time_point until, bool timed) noexcept;

  // Decided once: running/parked -> one wake_reason. Release by who decides, acquire by the owner that reads it, so
  // that everything before notify() happens before the return of wait().
  std::atomic<std::uint32_t> word_{running};
  std::atomic<std::uint32_t> remaining_;  // acq_rel countdown: the last notifier has seen all others' writes
  // How many notifiers that touch this object after their notification are done with it: with mode::all the last one if
  // it came too late, with mode::any each. Release by them, acquire in settle().
  std::atomic<std::uint32_t> let_go_{0};
  const std::uint32_t count_;
  const mode mode_;
  host* const host_;
};

}  // namespace tokengate::detail
