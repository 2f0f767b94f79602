// Tokens that wait, in the order of their arrival, linked through their own nodes: costs no memory beside them.
#pragma once

#include <tokengate/core/node.h>

namespace tokengate::lanes {

/// First in, first out; guarded by its owner.
class waiting_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] detail::node* first() const noexcept { return first_; }

  void push(detail::node& token) noexcept {
    token.extra().next = nullptr;
    if (first_ == nullptr)
      first_ = &token;
    else
      last_->extra().next = &token;
    last_ = &token;
  }
  /// The first, taken out, or null.
  detail::node* pop() noexcept {
    detail::node* const token = first_;
    if (token != nullptr) first_ = token->extra().next;
    return token;
  }
  /// The first is somebody else's by now; `next` was the one behind it.
  void drop_first(detail::node* next) noexcept { first_ = next; }

 private:
  detail::node* first_ = nullptr;
  detail::node* last_ = nullptr;
};

}  // namespace tokengate::lanes
