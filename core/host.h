// A core, as seen by what runs on it. lanes/ implements it; core/ and io/ only know this face.
#pragma once

#include <cstdint>

#include <tokengate/core/poller.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {

class node;

/// One per core; every member but ready() is called on the core's own thread.
class host {
 public:
  host() = default;
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  virtual ~host() = default;

  /// The core this thread drives, or null on a thread that TokenGate does not own.
  [[nodiscard]] static host* current() noexcept { return current_; }

  /// The token that runs here now; null between tokens and in the scheduler.
  [[nodiscard]] node* running() const noexcept { return running_; }

  /// Notes which fiber waits; called before the waiter may become visible as parked.
  virtual void prepare(waiter& party) noexcept = 0;
  /// Suspends the running fiber until the waiter is decided; the core goes on with other work meanwhile.
  virtual void suspend(waiter& party) noexcept = 0;
  /// The same; at party.deadline the host decides the waiter as timed out.
  virtual void suspend_until(waiter& party) noexcept = 0;
  /// The waiter was decided while parked: its fiber may go on. Any thread, once per wait.
  virtual void ready(waiter& party) noexcept = 0;
  /// Lets other ready fibers and waiting tokens of this core run first. Returns when it is this fiber's turn again.
  virtual void yield() noexcept = 0;

  /// Takes a new token that was made by the running token: a child, or a lead that is routed afresh. May suspend the
  /// caller or run the child before it returns (back-pressure); takes ownership of the queue's share in any case.
  virtual void spawn(node& child) = 0;
  /// Runs `child` here and now if nobody claimed it yet, it descends from the running token, and stack and storage
  /// permits allow. True when it has been run.
  virtual bool run_inline(node& child) noexcept = 0;

  /// The running token is about to wait for tokens or locks: gives back what it holds while it waits (its storage
  /// permit); retake() gets that back, ahead of newcomers, before the token goes on.
  virtual void give_back() noexcept = 0;
  virtual void retake() noexcept = 0;

  /// True once the coordinator stops hard: a wait that ends `cancelled` must leave its operation by stop_unwind.
  [[nodiscard]] virtual bool cancelling() const noexcept = 0;

  [[nodiscard]] virtual unsigned index() const noexcept = 0;
  [[nodiscard]] virtual poller& events() noexcept = 0;

 protected:
  static void make_current(host* core) noexcept { current_ = core; }
  node* running_ = nullptr;

 private:
  static inline thread_local constinit host* current_ = nullptr;
};

/// What a suspension point throws inside a token that is being killed. No std::exception, so that an operation's
/// `catch (const std::exception&)` does not swallow it.
struct stop_unwind {};

}  // namespace tokengate::detail
