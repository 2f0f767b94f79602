// Where a core keeps the children that its tokens spawn and that other cores may take.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <tokengate/core/node.h>

namespace tokengate::lanes {

/// The work-stealing deque of Chase and Lev with the memory orders of Le, Pop, Cohen and Zappa Nardelli (2013): its
/// core pushes and pops the newest, thieves take the oldest. Grows without bound (who spawns bounds it). Arrays that
/// were outgrown live as long as the deque, because a thief may still read one; together they are smaller than the
/// last.
class child_deque {
 public:
  child_deque() {
    arrays_.push_back(std::make_unique<array>(std::size_t{256}));
    current_ = arrays_.back().get();
  }

  /// Owner only. Throws bad_alloc when it cannot grow; then nothing has changed.
  void push(detail::node& child) {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    const auto top = top_.load(std::memory_order_acquire);  // pairs with steals: their cells are free again
    array* cells = current_.load(std::memory_order_relaxed);
    if (bottom - top >= static_cast<std::int64_t>(cells->size())) cells = grow(*cells, top, bottom);
    cells->at(bottom).store(&child, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);  // publishes the cell and the node to steal()
  }

  /// Owner only: the newest, or null.
  detail::node* pop() noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (bottom < top_.load(std::memory_order_relaxed)) return nullptr;  // empty: top only grows, so this is certain
    array* const cells = current_.load(std::memory_order_relaxed);
    bottom_.store(bottom, std::memory_order_relaxed);
    // Total order with the fence in steal(): either the thief sees the lowered bottom, or we see its raised top.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    auto top = top_.load(std::memory_order_relaxed);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_relaxed);
      return nullptr;
    }
    detail::node* child = cells->at(bottom).load(std::memory_order_relaxed);
    if (top == bottom) {
      // The last one: whoever raises top has it.
      if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
        child = nullptr;
      bottom_.store(bottom + 1, std::memory_order_relaxed);
    }
    return child;
  }

  /// Owner only: puts back what pop() has just returned; never grows.
  void push_back_popped(detail::node& child) noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    current_.load(std::memory_order_relaxed)->at(bottom).store(&child, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
  }

  /// Owner only: the newest without taking it, or null. It may be stolen at any time.
  [[nodiscard]] const detail::node* newest() const noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom <= top_.load(std::memory_order_relaxed)) return nullptr;
    return current_.load(std::memory_order_relaxed)->at(bottom - 1).load(std::memory_order_relaxed);
  }

  /// Any thread: the oldest, or null when there is none or another thief was faster.
  detail::node* steal() noexcept {
    auto top = top_.load(std::memory_order_acquire);
    std::atomic_thread_fence(std::memory_order_seq_cst);          // with the fence in pop()
    const auto bottom = bottom_.load(std::memory_order_acquire);  // pairs with push
    if (top >= bottom) return nullptr;
    array* const cells = current_.load(std::memory_order_acquire);  // pairs with grow
    detail::node* const child = cells->at(top).load(std::memory_order_relaxed);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
      return nullptr;
    return child;
  }

  /// A snapshot from any thread.
  [[nodiscard]] std::size_t size() const noexcept {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    const auto top = top_.load(std::memory_order_relaxed);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }

 private:
  class array {
   public:
    explicit array(std::size_t size) : mask_(size - 1), cells_(std::make_unique<std::atomic<detail::node*>[]>(size)) {}
    [[nodiscard]] std::size_t size() const noexcept { return mask_ + 1; }
    std::atomic<detail::node*>& at(std::int64_t index) noexcept {
      return cells_[static_cast<std::size_t>(index) & mask_];
    }

   private:
    std::size_t mask_;
    std::unique_ptr<std::atomic<detail::node*>[]> cells_;
  };

  array* grow(array& old, std::int64_t top, std::int64_t bottom) {
    auto larger = std::make_unique<array>(old.size() * 2);
    for (auto i = top; i < bottom; ++i)
      larger->at(i).store(old.at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    arrays_.push_back(std::move(larger));
    current_.store(arrays_.back().get(), std::memory_order_release);  // the copied cells come with it
    return arrays_.back().get();
  }

  std::vector<std::unique_ptr<array>> arrays_;
  std::atomic<array*> current_{nullptr};
  alignas(64) std::atomic<std::int64_t> bottom_{0};
  alignas(64) std::atomic<std::int64_t> top_{0};
};

}  // namespace tokengate::lanes
