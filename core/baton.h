// Who may run: the cores of a simulation, or the threads outside of it. Never both, so that its seed decides
// everything.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace tokengate::detail {

class waiter;

/// One per simulation. Its cores run only while a thread waits for something of it, and stand still from the instant in
/// which the last such wait is decided until the next one begins. So what one thread submits between its waits is
/// there as a whole before the cores go on, and what the cores do is a function of the seed and of the program.
///
/// Also the clock: the time of a simulation passes only when its cores say so.
class baton {
 public:
  using clock = std::chrono::steady_clock;

  /// One that the waits of threads find, by the tokens of this place, until close().
  static std::shared_ptr<baton> make(std::uint16_t realm, std::uint64_t seed);
  ~baton();
  void close() noexcept;

  // --- threads outside ----------------------------------------------------------------------------------------------
  /// What a wait of the calling thread hangs on: the simulation of the token it is for, else the one that the thread
  /// used last. Null when there is none: the usual case, one load.
  static std::shared_ptr<baton> of(const waiter& party) noexcept {
    // Relaxed: a thread that has to do with a simulation has seen it being made.
    return live_.load(std::memory_order_relaxed) == 0 ? nullptr : find(&party);
  }
  /// What time it is outside of cores: that of the simulation that the thread used last, or the real one.
  static clock::time_point time_outside() noexcept {
    if (live_.load(std::memory_order_relaxed) == 0) return clock::now();
    const auto mine = find(nullptr);
    return mine == nullptr ? clock::now() : mine->now();
  }
  /// The calling thread uses this simulation.
  void adopt_thread();
  /// A parked wait of a thread begins, and ends. It times out at `until`; with `until_idle` it also ends when nothing
  /// is left to be done.
  void enter(waiter& party, clock::time_point until, bool until_idle) noexcept;
  void leave(const waiter& party) noexcept;
  /// Returns when the cores stand still, which they do soon unless another thread waits; at once then.
  void wait_until_held() noexcept;
  /// For messages: with it the simulation can be had again.
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  /// From now on the cores run whoever waits: they are to end.
  void end() noexcept;

  // --- the thread of the simulation ---------------------------------------------------------------------------------
  /// Blocks while the threads outside are to run.
  void hold() noexcept;
  /// Any thread.
  [[nodiscard]] clock::time_point now() const noexcept {
    return clock::time_point(std::chrono::nanoseconds(now_.load(std::memory_order_relaxed)));
  }
  /// Relaxed: outside threads read it while the cores stand still, which orders more than enough.
  void set_now(clock::time_point time) noexcept {
    now_.store(std::chrono::nanoseconds(time.time_since_epoch()).count(), std::memory_order_relaxed);
  }
  /// When the first of the waits times out.
  [[nodiscard]] clock::time_point first_timeout() const noexcept;
  /// Ends the waits whose time has come.
  void time_out(clock::time_point time) noexcept;
  /// Somebody waits until nothing is left to be done; to be told so.
  [[nodiscard]] bool awaited_idle() const noexcept;
  void tell_idle() noexcept;
  /// Every thread that uses the simulation waits.
  [[nodiscard]] bool everybody_waits() const noexcept;
  /// Ends all waits as cancelled.
  void give_up() noexcept;

 private:
  struct parties;

  baton(std::uint16_t realm, std::uint64_t number, std::uint64_t seed);
  static std::shared_ptr<baton> find(const waiter* party) noexcept;

  static inline constinit std::atomic<int> live_{0};

  const std::uint16_t realm_;
  const std::uint64_t number_, seed_;
  std::atomic<std::int64_t> now_{0};  // steady_clock, nanoseconds
  const std::unique_ptr<parties> parties_;
};

}  // namespace tokengate::detail
