// The end of a mailbox at which tokens go in, or out: free of locked instructions for the one thread that is at it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/lanes/pusher.h>

namespace tokengate::lanes {

/// Hands out the positions 0, 1, 2, ... to any number of threads. While one thread alone takes them, it owns the
/// cursor, and takes them by plain loads and stores: a locked instruction would wait until the lines of the tokens
/// before, which other cores had, are there. When another thread takes one, the cursor is shared and positions are
/// claimed by compare-exchange, until one thread has taken very many in a row.
///
/// The owner says that it is claiming, and then looks whether it still is the owner; who revokes its ownership takes it
/// away, and then looks whether the owner is claiming. Fences in between, the owner's for free (asymmetric_fence.h): at
/// least one of them sees the other, and who revokes waits until the owner is done, which takes it some instructions.
class biased_cursor {
 public:
  enum class state : std::uint8_t { open, shut, gone };

  /// Any thread. `look(position)` says whether the position may be had (open), whether it cannot (shut), or whether
  /// somebody else has it already (gone). False when it was shut. Lock-free but for the change of owners.
  template <class Look>
  bool claim(std::size_t& position, Look look) noexcept {
    pusher* const me = pusher::own();
    // Relaxed: only a hint, settled below.
    if (me != nullptr && owner_.load(std::memory_order_relaxed) == me) [[likely]] {
      me->claiming.store(this, std::memory_order_relaxed);
      detail::light_fence();  // with the heavy one in revoke()
      if (owner_.load(std::memory_order_relaxed) == me) [[likely]] {
        const auto word = word_.load(std::memory_order_relaxed);  // nobody else writes it
        position = word / one;
        const bool claimed = look(position) == state::open;
        if (claimed) word_.store(word + one, std::memory_order_relaxed);
        me->claiming.store(nullptr, std::memory_order_release);  // what was done here, before what others do
        return claimed;
      }
      me->claiming.store(nullptr, std::memory_order_release);
    }
    return claim_shared(position, look);
  }

  /// How many were ever claimed. Acquire or relaxed, as the caller likes.
  [[nodiscard]] std::size_t load(std::memory_order order) const noexcept { return word_.load(order) / one; }

 private:
  static constexpr std::size_t shared = 1, one = 2;
  static constexpr std::uint32_t many = 4096, first_of_all = many - 1;

  template <class Look>
  [[gnu::noinline]] bool claim_shared(std::size_t& position, Look look) noexcept {
    // Relaxed: a position is only a claim to be settled by compare-exchange; what lies there carries the data.
    auto word = word_.load(std::memory_order_relaxed);
    for (;;) {
      position = word / one;
      const state found = look(position);
      if (found == state::shut) return false;
      if (found == state::open) {
        if ((word & shared) == 0)
          revoke();
        else if (word_.compare_exchange_weak(word, word + one, std::memory_order_relaxed))
          break;
        else
          continue;
      }
      word = word_.load(std::memory_order_relaxed);
    }
    if (same_again()) take_over();
    return true;
  }

  /// Whether the calling thread has come so often in a row that it may as well own the tail. Relaxed, and no
  /// read-modify-write: threads that disturb each other here are no reason to own anything.
  bool same_again() noexcept {
    pusher* const me = pusher::own();
    const auto times = in_a_row_.load(std::memory_order_relaxed);
    const pusher* const before = latest_.load(std::memory_order_relaxed);
    if (before != me) latest_.store(me, std::memory_order_relaxed);
    if (before != me && before != nullptr) {
      in_a_row_.store(0, std::memory_order_relaxed);
      return false;
    }
    in_a_row_.store(times + 1, std::memory_order_relaxed);
    return times >= first_of_all;
  }

  void take_over() noexcept;
  void revoke() noexcept;

  // The position, and whether the tail is shared. Written by its owner, or by whoever claims by compare-exchange while
  // it is shared; `shared` is changed under the mutex: set when no owner can write any more, cleared when there is one.
  std::atomic<std::size_t> word_{shared};
  std::atomic<pusher*> owner_{nullptr};  // under the mutex; null while shared
  std::atomic<pusher*> latest_{nullptr};
  std::atomic<std::uint32_t> in_a_row_{first_of_all};  // so that the very first thread takes over at once
  std::mutex mutex_;
};

}  // namespace tokengate::lanes
