// Where a core keeps the children that must run on it: newest last, no other thread looks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>

#include <tokengate/core/node.h>
#include <tokengate/lanes/page_array.h>

namespace tokengate::lanes {

/// Owner only. A stack of up to `limit` children, whose room doubles as it is needed and shrinks in trim().
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
  /// Gives memory back if there is far more of it than is needed. O(size), which then is small beside it.
  void trim() noexcept {
    if (room_ <= first_size || size_ > room_ / 8) return;
    if (size_ == 0) {
      children_ = {};
      room_ = 0;
      return;
    }
    try {
      resize(std::max(2 * size_, first_size));
    } catch (const std::bad_alloc&) {
      // It stays as it is.
    }
  }
  /// For how many there is memory.
  [[nodiscard]] std::size_t room() const noexcept { return room_; }
  [[nodiscard]] detail::node* const* begin() const noexcept { return children_.data(); }
  [[nodiscard]] detail::node* const* end() const noexcept { return children_.data() + size_; }

 private:
  static constexpr std::size_t first_size = 512;  // a page

  [[gnu::noinline, gnu::cold]] void grow() { resize(std::max(2 * room_, first_size)); }

  void resize(std::size_t room) {
    auto children = page_array<detail::node*>(room);
    std::copy_n(children_.data(), size_, children.data());
    children_ = std::move(children);
    room_ = room;
  }

  page_array<detail::node*> children_;
  std::size_t size_ = 0, room_ = 0;
  const std::size_t limit_;
};

}  // namespace tokengate::lanes
