// A core, as seen by what runs on it. lanes/ implements it; core/ and io/ only know this face.
#pragma once

#include <cstdint>
#include <exception>

#include <tokengate/core/baton.h>
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

  /// A token on the stack of a fiber, and the one inside of which it runs. Lives on that stack, too.
  struct frame {
    node* token;
    frame* outer;
  };

  /// The token that runs here now; null between tokens and in the scheduler.
  [[nodiscard]] node* running() const noexcept { return frame_ != nullptr ? frame_->token : nullptr; }
  [[nodiscard]] const frame* running_frame() const noexcept { return frame_; }

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

  /// Takes a new token that was made here: names it, makes it a child of the running token and queues it. May run it
  /// before it returns (back-pressure). Throws bad_alloc; then it was not taken.
  virtual void spawn(node& child, std::uint64_t id) = 0;
  /// Runs `child` here and now if nobody claimed it yet, it descends from the running token, and stack and storage
  /// permits allow. True when it has been run.
  virtual bool run_inline(node& child) noexcept = 0;

  /// The running token is about to wait for tokens or locks: gives back what it holds while it waits (its storage
  /// permit); retake() gets that back, ahead of newcomers, before the token goes on.
  virtual void give_back() noexcept = 0;
  virtual void retake() noexcept = 0;

  /// Whose domain the running token belongs to.
  struct lead_facts {
    std::uint64_t token = 0;      ///< id; 0: it belongs to none
    std::uint32_t operation = 0;  ///< number
  };
  [[nodiscard]] virtual lead_facts lead() const noexcept { return {}; }

  /// The coordinator stops hard: every token of this core is to stop.
  [[nodiscard]] virtual bool cancelling() const noexcept = 0;

  /// An exception is on its way through what runs here: std::uncaught_exceptions() != 0, without its calls.
  [[nodiscard]] virtual bool unwinding() const noexcept { return std::uncaught_exceptions() != 0; }

  /// What time it is for what runs here: steady_clock, or the virtual time of a simulation.
  [[nodiscard]] virtual waiter::clock::time_point now() const noexcept { return waiter::clock::now(); }

  /// The running token calls the framework where it does not wait. A simulation may let other cores run first.
  virtual void checkpoint() noexcept {}

  [[nodiscard]] virtual unsigned index() const noexcept = 0;
  [[nodiscard]] virtual poller& events() noexcept = 0;

 protected:
  static void make_current(host* core) noexcept { current_ = core; }
  frame* frame_ = nullptr;

 private:
  static inline thread_local constinit host* current_ = nullptr;
};

/// What time it is for the caller.
[[nodiscard]] inline waiter::clock::time_point now() noexcept {
  const host* const core = host::current();
  return core != nullptr ? core->now() : baton::time_outside();
}

/// The running token, or one inside of which it runs, was asked to stop, or its deadline has passed.
[[nodiscard]] bool stop_requested() noexcept;
/// The same of the tokens on one stack, by requests alone.
[[nodiscard]] bool stop_requested(const host::frame* top) noexcept;
/// The same, and it may be told so by an exception here: it neither unwinds nor is shielded.
[[nodiscard]] bool must_stop() noexcept;

/// What a suspension point throws inside a token that is being killed. No std::exception, so that an operation's
/// `catch (const std::exception&)` does not swallow it.
struct stop_unwind {};

}  // namespace tokengate::detail
