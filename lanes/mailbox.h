// The bounded queue of admitted tokens.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>

#include <tokengate/core/node.h>
#include <tokengate/core/prefetch.h>
#include <tokengate/lanes/biased_cursor.h>

namespace tokengate::lanes {

/// A bounded first-in-first-out ring for many producers and many consumers (its core, and thieves). After D. Vyukov's
/// bounded MPMC queue: every cell carries the turn at which it may be filled or emptied, so a party that got a position
/// owns the cell alone. Positions are had by compare-exchange, or, by a thread that is alone at its end of the ring,
/// for nothing (biased_cursor.h); who comes to its end next waits some microseconds, once. Else nobody waits for
/// anybody.
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
    std::size_t position = 0;
    const bool claimed = tail_.claim(position, [this](std::size_t at) {
      // A capacity that is no power of two is kept by counting. A stale head only makes the mailbox look fuller.
      // With a stale position, behind a head that has moved on, it is not full but gone.
      const auto in = static_cast<std::ptrdiff_t>(at - head_.load(std::memory_order_relaxed));
      if (capacity_ <= mask_ && in >= static_cast<std::ptrdiff_t>(capacity_)) return cursor::state::shut;
      return is(at, at);  // pairs with the release of the pop before
    });
    if (!claimed) return false;
    cell& place = cells_[position & mask_];
    detail::prefetch_to_write(&cells_[(position + cells_ahead) & mask_]);
    prepare();
    place.token.store(&token, std::memory_order_relaxed);
    place.turn.store(position + 1, std::memory_order_release);  // hands the cell, and the token, to a pop
    return true;
  }

  /// Any thread. Null when empty.
  detail::node* try_pop() noexcept {
    std::size_t position = 0;
    if (!head_.claim(position, [this](std::size_t at) { return is(at, at + 1); })) return nullptr;  // as above, a push
    cell& place = cells_[position & mask_];
    detail::node* const token = place.token.load(std::memory_order_relaxed);
    fetch_ahead(position);
    place.turn.store(position + mask_ + 1, std::memory_order_release);  // hands the cell to a push one round later
    return token;
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
  using cursor = biased_cursor;
  static constexpr std::size_t cells_ahead = 16, tokens_ahead = 6;

  /// Whether it is the turn `wanted` of the cell at a position. Acquire: who sees that it is, sees what was done at the
  /// turn before.
  [[nodiscard]] cursor::state is(std::size_t position, std::size_t wanted) const noexcept {
    const auto turn = cells_[position & mask_].turn.load(std::memory_order_acquire);
    const auto difference = static_cast<std::ptrdiff_t>(turn - wanted);
    return difference == 0 ? cursor::state::open : difference < 0 ? cursor::state::shut : cursor::state::gone;
  }

  /// Has what comes soon fetched while this token runs: another core has written it. Only what is there by now: where
  /// the next tokens are just being put, they are not to be disturbed.
  void fetch_ahead(std::size_t position) const noexcept {
    const std::size_t later = position + tokens_ahead;
    const cell& soon = cells_[later & mask_];
    if (soon.turn.load(std::memory_order_relaxed) != later + 1) return;
    detail::prefetch_to_write(soon.token.load(std::memory_order_relaxed));
    detail::prefetch_to_write(&cells_[(position + cells_ahead) & mask_]);
  }

  struct cell {
    std::atomic<std::size_t> turn;
    std::atomic<detail::node*> token{nullptr};  // relaxed: comes with the turn
  };

  const std::size_t capacity_;
  const std::size_t mask_;
  const std::unique_ptr<cell[]> cells_;
  alignas(64) biased_cursor tail_;  // own lines: producers write one, consumers the other
  alignas(64) biased_cursor head_;
};

}  // namespace tokengate::lanes
