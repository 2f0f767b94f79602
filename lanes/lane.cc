#include <tokengate/lanes/lane.h>

namespace tokengate::lanes {

using detail::node;

bool lane::offer(node& token, bool on_credit) noexcept {
  if (waiting() == 0) [[likely]] {
    token.enqueue_as(token_state::admitted);
    if (mailbox_.try_push(token)) return true;
  }
  const std::scoped_lock lock(mutex_);
  if (first_ == nullptr) {
    token.enqueue_as(token_state::admitted);
    if (mailbox_.try_push(token)) return true;
  }
  if (!slots_.take(on_credit)) return false;
  token.enqueue_as(token_state::waiting);
  token.next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = &token;
  last_ = &token;
  entered_.fetch_add(1, std::memory_order_relaxed);
  waiting_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

node* lane::take() noexcept {
  if (node* const token = mailbox_.try_pop()) return token;
  if (waiting() == 0) return nullptr;
  admit_waiting();
  return mailbox_.try_pop();
}

void lane::admit_waiting() noexcept {
  std::size_t moved = 0;
  {
    const std::scoped_lock lock(mutex_);
    while (first_ != nullptr) {
      node& token = *first_;
      node* const next = token.next;  // read now: once pushed the token may be run and gone
      // One that was killed at the gate goes along; who takes it from the mailbox finds it ended.
      if (!mailbox_.try_push(token, [&token] { token.admit(); })) break;
      first_ = next;
      ++moved;
    }
    refilled_.fetch_add(moved, std::memory_order_release);
    waiting_.fetch_sub(moved, std::memory_order_relaxed);
  }
  if (moved != 0) slots_.give(moved);
}

}  // namespace tokengate::lanes
