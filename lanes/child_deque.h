// Where a core keeps the children that its tokens spawn and that other cores may take.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/node.h>
#include <tokengate/lanes/page_array.h>

namespace tokengate::lanes {

/// Its core pushes and pops the newest without a lock or a locked instruction; thieves take the oldest, several at
/// once, under a lock. After the THE protocol of Cilk-5 (Frigo, Leiserson, Randall 1998), with the fence between the
/// owner's store and its look taken out of the owner's way: thieves, which are rare, pay for it (asymmetric_fence.h).
///
/// The owner lowers tail_ and then looks at head_; a thief raises head_ and then looks at tail_. At least one of them
/// sees the other, and then the owner takes the lock and settles it there.
class child_deque {
 public:
  static constexpr std::size_t most_at_once = 128;  ///< that one steal takes

  /// Grows up to `limit` children, and shrinks in trim().
  explicit child_deque(std::size_t limit = std::size_t{1} << 40)
      : limit_(static_cast<std::int64_t>(limit)),
        room_(std::min(limit_, room_in(first_size))),
        mask_(first_size - 1),
        slots_(first_size) {}

  /// Owner only. False when `limit` are in; then it was not taken. Throws bad_alloc; the same.
  bool push(detail::node& child) {
    while (!push_quickly(child))
      if (!make_room()) return false;
    return true;
  }
  /// The same without growing.
  bool push_quickly(detail::node& child) noexcept {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_relaxed) >= room_) [[unlikely]]
      return false;
    put(child, tail);
    return true;
  }
  /// The same whatever the limit.
  void push_beyond(detail::node& child) {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_relaxed) >= room_in(mask_ + 1)) grow();
    put(child, tail);
  }

  /// Owner only: the newest, or null.
  detail::node* pop() noexcept {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (head_.load(std::memory_order_relaxed) >= tail) return nullptr;  // if a thief raised it, the thief gets it
    return take(tail - 1);
  }

  /// Owner only: takes this child if it is the newest; false otherwise.
  bool pop_if_newest(const detail::node& child) noexcept {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (head_.load(std::memory_order_relaxed) >= tail ||
        slots_[(tail - 1) & mask_].load(std::memory_order_relaxed) != &child)
      return false;
    return take_away(tail - 1) || take_contended(tail - 1) != nullptr;
  }

  /// Owner only: gives memory back if there is far more of it than is needed. O(size), which then is small beside it.
  void trim() noexcept {
    const std::size_t room = mask_ + 1, used = size() + most_at_once;
    if (room <= first_size || used > room / 8) return;
    try {
      resize(std::max(first_size, std::bit_ceil(2 * used)));
      room_ = std::min(limit_, room_in(mask_ + 1));
    } catch (const std::bad_alloc&) {
      // It stays as it is.
    }
  }
  /// Owner only: for how many there is memory.
  [[nodiscard]] std::size_t room() const noexcept { return mask_ + 1; }

  /// Any other thread: up to half of what is there, the oldest first; returns how many. 0 also when another thief is at
  /// it.
  std::size_t steal(detail::node** taken, std::size_t most) noexcept {
    if (size() == 0) return 0;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return 0;
    const auto head = head_.load(std::memory_order_relaxed);
    const auto there = tail_.load(std::memory_order_relaxed) - head;
    if (there <= 0) return 0;
    auto wanted = std::min<std::int64_t>((there + 1) / 2, static_cast<std::int64_t>(std::min(most, most_at_once)));
    head_.store(head + wanted, std::memory_order_relaxed);
    detail::heavy_fence();  // with the light one in take(): either we see the lowered tail, or the owner the raised
                            // head
    wanted = std::min(wanted, tail_.load(std::memory_order_acquire) - head);  // acquire: pairs with push()
    if (wanted <= 0) {
      head_.store(head, std::memory_order_relaxed);
      return 0;
    }
    for (std::int64_t i = 0; i < wanted; ++i) taken[i] = slots_[(head + i) & mask_].load(std::memory_order_relaxed);
    head_.store(head + wanted, std::memory_order_release);
    return static_cast<std::size_t>(wanted);
  }

  /// Owner only: calls `look(node&)` for each, oldest first, while thieves are kept away.
  template <class Look>
  void for_each(Look look) {
    const std::scoped_lock lock(mutex_);
    const auto tail = tail_.load(std::memory_order_relaxed);
    for (auto i = head_.load(std::memory_order_relaxed); i < tail; ++i)
      look(*slots_[i & mask_].load(std::memory_order_relaxed));
  }

  /// A snapshot from any thread.
  [[nodiscard]] std::size_t size() const noexcept {
    const auto head = head_.load(std::memory_order_relaxed);
    const auto tail = tail_.load(std::memory_order_relaxed);
    return tail > head ? static_cast<std::size_t>(tail - head) : 0;
  }

 private:
  using slot = std::atomic<detail::node*>;
  static constexpr std::size_t first_size = 1024;

  void put(detail::node& child, std::int64_t tail) noexcept {
    slots_[tail & mask_].store(&child, std::memory_order_relaxed);
    tail_.store(tail + 1, std::memory_order_release);  // publishes the slot and the node to steal()
  }

  detail::node* take(std::int64_t tail) noexcept {
    if (!take_away(tail)) [[unlikely]]
      return take_contended(tail);
    return slots_[tail & mask_].load(std::memory_order_relaxed);
  }

  /// False: a thief may want it, too; then take_contended() decides.
  bool take_away(std::int64_t tail) noexcept {
    // Release, as every store to it: a thief that reads this one sees the children below, which put() published.
    tail_.store(tail, std::memory_order_release);
    detail::light_fence();  // with the heavy one in steal()
    return head_.load(std::memory_order_relaxed) <= tail;
  }

  /// A thief and the owner want the same one.
  [[gnu::noinline, gnu::cold]] detail::node* take_contended(std::int64_t tail) noexcept {
    tail_.store(tail + 1, std::memory_order_release);
    const std::scoped_lock lock(mutex_);
    if (head_.load(std::memory_order_relaxed) > tail) return nullptr;
    tail_.store(tail, std::memory_order_release);
    return slots_[tail & mask_].load(std::memory_order_relaxed);
  }

  // Slots that a thief is still reading lie right below head_: so many are kept out of use.
  static std::int64_t room_in(std::size_t size) noexcept { return static_cast<std::int64_t>(size - most_at_once); }

  /// False at the limit.
  [[gnu::noinline, gnu::cold]] bool make_room() {
    if (room_ >= limit_) return false;
    if (room_ == room_in(mask_ + 1)) grow();
    room_ = std::min(limit_, room_in(mask_ + 1));
    return true;
  }

  void grow() { resize(2 * (mask_ + 1)); }

  /// Under the lock, so that no thief reads the old slots. `size`, a power of two, has room for all that are in.
  void resize(std::size_t size) {
    page_array<slot> slots(size);
    const std::scoped_lock lock(mutex_);
    const auto tail = tail_.load(std::memory_order_relaxed);
    for (auto i = head_.load(std::memory_order_relaxed); i < tail; ++i)
      slots[i & (size - 1)].store(slots_[i & mask_].load(std::memory_order_relaxed), std::memory_order_relaxed);
    slots_.swap(slots);
    mask_ = size - 1;
  }

  const std::int64_t limit_;
  std::int64_t room_;  // owner only
  std::size_t mask_;   // written by the owner under the lock; read by the owner, and by thieves under the lock
  page_array<slot> slots_;
  alignas(64) std::atomic<std::int64_t> tail_{0};
  alignas(64) std::atomic<std::int64_t> head_{0};
  std::mutex mutex_;
};

}  // namespace tokengate::lanes
