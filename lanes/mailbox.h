// The bounded queue of admitted tokens.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>

#include <tokengate/core/node.h>

namespace tokengate::lanes {

/// A bounded first-in-first-out ring for many producers and many consumers (its core, and thieves). After D. Vyukov's
/// bounded MPMC queue: every cell carries the turn at which it may be filled or emptied, so a party that got a position
/// by compare-exchange owns the cell alone. Lock-free but not wait-free; push and pop cost one locked instruction each.
class mailbox {
 public:
  /// `capacity` >= 1 tokens; the ring is the next power of two, at least 2.
  explicit mailbox(std::size_t capacity)
      : capacity_(capacity),
        mask_(std::bit_ceil(std::max<std::size_t>(capacity, 2)) - 1),
        cells_(std::make_unique<cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }

  /// Any thread. False when `capacity` tokens are in (or just on their way in or out). `prepare` is called once a place
  /// is certain and before anybody can take the token out.
  template <class Prepare = decltype([] {})>
  bool try_push(detail::node& token, Prepare prepare = {}) noexcept {
    // Relaxed: a position is only a claim to be settled by compare-exchange; the cell's turn carries the data.
    auto position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      // A capacity that is no power of two is kept by counting. A stale head only makes the mailbox look fuller.
      if (capacity_ <= mask_ && position - head_.load(std::memory_order_relaxed) >= capacity_) return false;
      cell& place = cells_[position & mask_];
      const auto turn = place.turn.load(std::memory_order_acquire);  // pairs with the release of the pop before
      const auto difference = static_cast<std::ptrdiff_t>(turn - position);
      if (difference < 0) return false;
      if (difference > 0) {
        position = tail_.load(std::memory_order_relaxed);
      } else if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
        prepare();
        place.token.store(&token, std::memory_order_relaxed);
        place.turn.store(position + 1, std::memory_order_release);  // hands the cell, and the token, to a pop
        return true;
      }
    }
  }

  /// Any thread. Null when empty.
  detail::node* try_pop() noexcept {
    auto position = head_.load(std::memory_order_relaxed);
    for (;;) {
      cell& place = cells_[position & mask_];
      const auto turn = place.turn.load(std::memory_order_acquire);  // pairs with the release of the push
      const auto difference = static_cast<std::ptrdiff_t>(turn - (position + 1));
      if (difference < 0) return nullptr;
      if (difference > 0) {
        position = head_.load(std::memory_order_relaxed);
      } else if (head_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
        detail::node* const token = place.token.load(std::memory_order_relaxed);
        // What comes soon is fetched while this one runs: it was written by another core. Whatever the cell holds by
        // then, a hint does no harm.
        constexpr std::size_t ahead = 4;
        __builtin_prefetch(cells_[(position + ahead) & mask_].token.load(std::memory_order_relaxed), 1);
        place.turn.store(position + mask_ + 1, std::memory_order_release);  // hands the cell to a push one round later
        return token;
      }
    }
  }

  /// Whether try_pop() would find nothing. Looks where pops look, and so does not disturb those who push; a push that
  /// is under way is not there yet.
  [[nodiscard]] bool empty() const noexcept {
    auto position = head_.load(std::memory_order_relaxed);
    for (;;) {
      const auto turn = cells_[position & mask_].turn.load(std::memory_order_acquire);  // as in try_pop()
      const auto difference = static_cast<std::ptrdiff_t>(turn - (position + 1));
      if (difference <= 0) return difference < 0;
      position = head_.load(std::memory_order_relaxed);  // somebody else has popped that one
    }
  }
  /// A snapshot; exact when nobody pushes or pops.
  [[nodiscard]] std::size_t size() const noexcept {
    const auto head = head_.load(std::memory_order_relaxed);
    const auto tail = tail_.load(std::memory_order_relaxed);
    return tail > head ? tail - head : 0;
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// How many tokens were ever taken out; a snapshot.
  [[nodiscard]] std::size_t pops() const noexcept { return head_.load(std::memory_order_relaxed); }
  /// How many tokens were ever pushed.
  [[nodiscard]] std::size_t pushes() const noexcept { return tail_.load(std::memory_order_acquire); }

 private:
  struct cell {
    std::atomic<std::size_t> turn;
    std::atomic<detail::node*> token{nullptr};  // relaxed: comes with the turn
  };

  const std::size_t capacity_;
  const std::size_t mask_;
  const std::unique_ptr<cell[]> cells_;
  alignas(64) std::atomic<std::size_t> tail_{0};  // own lines: producers write one, consumers the other
  alignas(64) std::atomic<std::size_t> head_{0};
};

}  // namespace tokengate::lanes
