// Where a core keeps the children that must run on it: newest last, no other thread looks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include <tokengate/core/node.h>

namespace tokengate::lanes {

/// Owner only. A stack of up to `limit` children, whose room doubles as it is needed.
class bound_stack {
 public:
  explicit bound_stack(std::size_t limit) : limit_(limit) {}

  /// False when `limit` are in; then it was not taken. Throws bad_alloc; the same.
  bool push(detail::node& child) {
    if (size_ >= limit_) [[unlikely]]
      return false;
    push_beyond(child);
    return true;
  }
  /// The same without growing.
  bool push_quickly(detail::node& child) noexcept {
    if (size_ == room_ || size_ >= limit_) [[unlikely]]
      return false;
    children_[size_++] = &child;
    return true;
  }
  /// The same whatever the limit.
  void push_beyond(detail::node& child) {
    if (size_ == room_) [[unlikely]]
      grow();
    children_[size_++] = &child;
  }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] detail::node& newest() const noexcept { return *children_[size_ - 1]; }
  /// The newest, or null.
  detail::node* pop() noexcept { return size_ == 0 ? nullptr : children_[--size_]; }
  /// Takes this child if it is the newest; false otherwise.
  bool pop_if_newest(const detail::node& child) noexcept {
    if (size_ == 0 || children_[size_ - 1] != &child) return false;
    --size_;
    return true;
  }
  [[nodiscard]] detail::node* const* begin() const noexcept { return children_.get(); }
  [[nodiscard]] detail::node* const* end() const noexcept { return children_.get() + size_; }

 private:
  [[gnu::noinline, gnu::cold]] void grow() {
    const std::size_t larger = std::max<std::size_t>(2 * room_, 64);
    auto children = std::make_unique<detail::node*[]>(larger);
    std::copy_n(children_.get(), size_, children.get());
    children_ = std::move(children);
    room_ = larger;
  }

  std::unique_ptr<detail::node*[]> children_;
  std::size_t size_ = 0, room_ = 0;
  const std::size_t limit_;
};

}  // namespace tokengate::lanes
