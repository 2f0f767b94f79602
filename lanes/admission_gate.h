// Where tokens wait that their mailbox has no room for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <tokengate/core/node.h>
#include <tokengate/core/observe.h>
#include <tokengate/lanes/gate_slots.h>

namespace tokengate::lanes {

/// A first-in-first-out queue without bound of its own, linked through the tokens. It takes a lock; the way past it,
/// while nobody waits, does not. Building block: a gate belongs to one or several mailboxes, which it is handed as a
/// function `bool push(detail::node& token, auto prepare)` that puts a token into one of them, calling `prepare()` just
/// before, or says that there is no room. All members may be called by any thread.
class admission_gate {
 public:
  explicit admission_gate(gate_slots& slots) noexcept : slots_(slots) {}
  admission_gate(const admission_gate&) = delete;
  admission_gate& operator=(const admission_gate&) = delete;

  /// Whether a newcomer may try the mailbox directly. Relaxed: the order among threads that do not synchronise is free,
  /// and its own earlier tokens, and a close() that it knows of, a thread has seen.
  [[nodiscard]] bool free() const noexcept { return state_.load(std::memory_order_relaxed) == 0; }

  /// To be handed to the mailbox as `prepare` with a token that did not wait: only once its place is certain may others
  /// see it as admitted, and perhaps kill it.
  [[nodiscard]] static auto passed_by(detail::node& token) noexcept {
    return [&token] {
      token.enqueue_as(token_state::admitted);
      if (!token.published) detail::tell(token, token_state::created, token_state::admitted);
    };
  }

  /// Admits the token by `push` if nobody waits, else lets it wait. False when there is no place left: then it is in no
  /// queue. With `on_credit` there always is one.
  template <class Push>
  bool enter(detail::node& token, bool on_credit, Push push) noexcept {
    const std::scoped_lock lock(mutex_);
    if (free()) {
      if (push(token, passed_by(token))) return true;
    }
    return slots_.take(on_credit) && append(token);
  }

  /// Admits those that wait, in order, until `push` has no more room, but not many at once: who wants to enter waits
  /// for the lock meanwhile. Cheap when nobody waits.
  template <class Push>
  void admit(Push push) noexcept {
    if (!may_admit()) return;
    std::size_t moved = 0;
    {
      const std::scoped_lock lock(mutex_);
      if (!may_admit()) return;
      while (first_ != nullptr && moved < most_at_once) {
        detail::node& token = *first_;
        detail::node* const next = token.extra().next;  // read now: once pushed the token may be run and gone
        // One that was killed at the gate goes along; who takes it from the mailbox finds it ended.
        if (!push(token, [&token] { token.admit(); })) break;
        first_ = next;
        ++moved;
      }
      left(moved);
      admitted_.fetch_add(moved, std::memory_order_release);
    }
    if (moved != 0) slots_.give(moved);
  }

  /// How many wait, and whether admit() would let some of them pass.
  [[nodiscard]] std::size_t waiting() const noexcept { return state_.load(std::memory_order_relaxed) / one_waits; }
  [[nodiscard]] bool may_admit() const noexcept {
    const auto state = state_.load(std::memory_order_relaxed);
    return state != 0 && (state & closed) == 0;
  }
  /// How many have ever come to wait, and how many of those were admitted. Read the second one first: then the
  /// difference is never too low.
  [[nodiscard]] std::uint64_t entered() const noexcept { return entered_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t admitted() const noexcept { return admitted_.load(std::memory_order_acquire); }

  // As in lanes::lane.
  void close() noexcept;
  void open() noexcept;
  std::size_t drain(bool (*wanted)(const detail::node&, void*), void (*each)(detail::node&, void*),
                    void* context) noexcept;

 private:
  static constexpr std::size_t closed = 1, one_waits = 2;
  static constexpr std::size_t most_at_once = 64;

  bool append(detail::node& token) noexcept;
  void left(std::size_t count) noexcept { state_.fetch_sub(count * one_waits, std::memory_order_relaxed); }

  gate_slots& slots_;
  std::atomic<std::size_t> state_{0};                    // those that wait, and `closed`; written under the mutex
  std::atomic<std::uint64_t> entered_{0}, admitted_{0};  // written under the mutex
  std::mutex mutex_;
  detail::node* first_ = nullptr;  // the queue; guarded by mutex_
  detail::node* last_ = nullptr;
};

}  // namespace tokengate::lanes
