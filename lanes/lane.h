// One weight class on one core: the admission gate and the mailbox behind it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <tokengate/core/node.h>
#include <tokengate/lanes/gate_slots.h>
#include <tokengate/lanes/mailbox.h>
#include <tokengate/lanes/waiting_list.h>

namespace tokengate::lanes {

/// Tokens enter first in, first out: straight into the mailbox while it has room, else they wait at the gate, linked
/// through their own nodes, until the mailbox has been drained. The gate takes a lock; the way past it does not.
class lane {
 public:
  lane(std::size_t mailbox_capacity, gate_slots& slots) : mailbox_(mailbox_capacity), slots_(slots) {}
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  /// Any thread. Takes the token as admitted or waiting. False when mailbox and gate are full: then the token is in no
  /// queue and may be offered again. With `on_credit` the gate is never full.
  bool offer(detail::node& token, bool on_credit = false) noexcept;

  /// Any thread: the next admitted token with its queue share, or null. Admits those that wait when the mailbox is dry.
  detail::node* take() noexcept;

  /// Any thread. While closed everything that is offered waits at the gate; open() keeps the order of arrival. What is
  /// admitted already stays so.
  void close() noexcept;
  void open() noexcept;
  /// Any thread: puts a token at the gate that is `waiting` already and has its place among gate_slots.
  void requeue(detail::node& token) noexcept;
  /// Any thread: takes the tokens that wait at the gate out for which `wanted` is true and hands each, with its queue
  /// share, to `ended`. Returns how many.
  std::size_t drain(bool (*wanted)(const detail::node&, void*), void (*ended)(detail::node&, void*),
                    void* context) noexcept;

  /// Snapshots from any thread.
  [[nodiscard]] bool empty() const noexcept { return mailbox_.empty() && (waiting() == 0 || closed()); }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed) & ~closed_mark; }
  [[nodiscard]] std::size_t admitted() const noexcept { return mailbox_.size(); }
  /// How many tokens were ever taken in; at times too high by some that are moving from gate to mailbox.
  [[nodiscard]] std::uint64_t accepted() const noexcept {
    const auto refilled = refilled_.load(std::memory_order_acquire);  // before pushes(): errs on the high side
    return mailbox_.pushes() + entered_.load(std::memory_order_acquire) - refilled;
  }

 private:
  static constexpr std::size_t closed_mark = std::size_t{1} << 63;

  [[nodiscard]] bool closed() const noexcept { return (waiting_.load(std::memory_order_relaxed) & closed_mark) != 0; }
  void enter(detail::node& token) noexcept;
  void admit_waiting() noexcept;

  mailbox mailbox_;
  gate_slots& slots_;
  // How many wait at the gate, and whether that is closed. Written under the mutex; a producer that reads 0 without it
  // may pass by only because the order among threads that do not synchronise is free, and its own earlier tokens it has
  // seen itself.
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> entered_{0}, refilled_{0};  // gate entries and exits; written under the mutex
  std::mutex mutex_;
  waiting_list gate_;  // guarded by mutex_
};

}  // namespace tokengate::lanes
