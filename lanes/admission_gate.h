// Where tokens wait that their mailbox has no room for.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <tokengate/core/node.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/prefetch.h>
#include <tokengate/lanes/gate_slots.h>

namespace tokengate::lanes {

/// A first-in-first-out queue without bound of its own, linked through the tokens. It takes a lock; the way past it,
/// while nobody waits, does not. Building block: a gate belongs to one or several mailboxes, which it is handed as a
/// function `bool push(detail::node& token, auto prepare)` that puts a token into one of them, calling `prepare()` just
/// before, or says that there is no room. All members may be called by any thread.
///
/// There are two lists: tokens arrive at one and leave from the other, each under a lock of its own, and when nobody is
/// left in the second one it gets all of the first. So who arrives hardly ever waits for who admits, or the reverse.
class admission_gate {
 public:
  explicit admission_gate(gate_slots& slots) noexcept : slots_(slots) {}
  admission_gate(const admission_gate&) = delete;
  admission_gate& operator=(const admission_gate&) = delete;

  /// Whether a newcomer may try the mailbox directly. The order among threads that do not synchronise is free, and its
  /// own earlier tokens, and a close() that it knows of, a thread has seen.
  [[nodiscard]] bool free() const noexcept { return waiting() == 0 && !closed_.load(std::memory_order_relaxed); }

  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

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
    const std::scoped_lock lock(arriving_.mutex);
    if (free()) {
      if (push(token, passed_by(token))) return true;
    }
    return slots_.take(on_credit) && append(token);
  }

  /// Admits those that wait, in order, until `push` has no more room, but not many at once. Cheap when nobody waits.
  template <class Push>
  void admit(Push push) noexcept {
    if (!may_admit()) return;
    std::size_t moved = 0;
    {
      const std::scoped_lock lock(leaving_.mutex);
      if (closed_.load(std::memory_order_relaxed)) return;
      while (moved < most_at_once && (leaving_.first != nullptr || all_come_to_leave())) {
        detail::node& token = *leaving_.first;
        const auto& extra = token.extra();
        detail::node* const next = extra.next;  // read now: once pushed the token may be run and gone
        prefetch(extra.ahead);
        // One that was killed at the gate goes along; who takes it from the mailbox finds it ended.
        if (!push(token, [&token] { token.admit(); })) break;
        leaving_.first = next;
        ++moved;
      }
      // Release: who finds nobody waiting pushes behind those that were pushed here.
      admitted_.store(admitted_.load(std::memory_order_relaxed) + moved, std::memory_order_release);
      gone_.store(gone_.load(std::memory_order_relaxed) + moved, std::memory_order_release);
    }
    if (moved != 0) slots_.give(moved);
  }

  /// How many wait, and whether admit() would let some of them pass.
  [[nodiscard]] std::size_t waiting() const noexcept {
    const auto gone =
        gone_.load(std::memory_order_acquire);  // first: the difference is never below 0, nor 0 by mistake
    return entered_.load(std::memory_order_acquire) - gone;
  }
  [[nodiscard]] bool may_admit() const noexcept { return waiting() != 0 && !closed_.load(std::memory_order_relaxed); }
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
  static constexpr std::size_t most_at_once = 64;
  static constexpr std::size_t links_ahead = 8;  ///< so far ahead of the token that leaves the memory is fetched

  struct alignas(64) list {
    std::mutex mutex;
    detail::node* first = nullptr;
    detail::node* last = nullptr;  // if first is not null
  };

  bool append(detail::node& token) noexcept;
  bool all_come_to_leave() noexcept;
  void forget_recent() noexcept;
  static void prefetch(const detail::node* token) noexcept {
    detail::prefetch_to_write(token);
    __builtin_prefetch(reinterpret_cast<const std::byte*>(token) + 64);  // where the link is, as a rule
  }

  gate_slots& slots_;
  std::atomic<bool> closed_{false};  // written under both locks
  list arriving_;
  std::array<detail::node*, links_ahead> recent_{};   // of those in `arriving_`, by number; under its lock
  std::atomic<std::uint64_t> entered_{0};             // written under that lock
  list leaving_;                                      // its lock is taken first
  std::atomic<std::uint64_t> admitted_{0}, gone_{0};  // written under that lock; gone: admitted or drained
};

}  // namespace tokengate::lanes
