#include <utility>

#include <tokengate/lanes/lane.h>

namespace tokengate::lanes {

using detail::node;

bool lane::offer(node& token, bool on_credit) noexcept {
  if (waiting_.load(std::memory_order_relaxed) == 0) [[likely]] {
    token.enqueue_as(token_state::admitted);
    if (mailbox_.try_push(token)) return true;
  }
  const std::scoped_lock lock(mutex_);
  if (gate_.empty() && !closed()) {
    token.enqueue_as(token_state::admitted);
    if (mailbox_.try_push(token)) return true;
  }
  if (!slots_.take(on_credit)) return false;
  token.enqueue_as(token_state::waiting);
  enter(token);
  return true;
}

void lane::requeue(node& token) noexcept {
  const std::scoped_lock lock(mutex_);
  enter(token);
}

void lane::enter(node& token) noexcept {
  gate_.push(token);
  entered_.fetch_add(1, std::memory_order_relaxed);
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

void lane::close() noexcept {
  const std::scoped_lock lock(mutex_);
  waiting_.fetch_or(closed_mark, std::memory_order_relaxed);
}

void lane::open() noexcept {
  const std::scoped_lock lock(mutex_);
  waiting_.fetch_and(~closed_mark, std::memory_order_relaxed);
}

std::size_t lane::drain(bool (*wanted)(const node&, void*), void (*ended)(node&, void*), void* context) noexcept {
  waiting_list taken, kept;
  std::size_t count = 0;
  {
    const std::scoped_lock lock(mutex_);
    while (node* const token = gate_.pop()) {
      const bool goes = wanted(*token, context);
      (goes ? taken : kept).push(*token);
      if (goes) ++count;
    }
    gate_ = kept;
    waiting_.fetch_sub(count, std::memory_order_relaxed);
  }
  // Outside the lock, for it may destroy tokens, and wake who waits for them. Still counted as taken in by accepted().
  while (node* const token = taken.pop()) ended(*token, context);
  if (count != 0) slots_.give(count);
  return count;
}

node* lane::take() noexcept {
  if (node* const token = mailbox_.try_pop()) return token;
  const auto at_gate = waiting_.load(std::memory_order_relaxed);
  if (at_gate == 0 || (at_gate & closed_mark) != 0) return nullptr;
  admit_waiting();
  return mailbox_.try_pop();
}

void lane::admit_waiting() noexcept {
  std::size_t moved = 0;
  {
    const std::scoped_lock lock(mutex_);
    while (!gate_.empty() && !closed()) {
      node& token = *gate_.first();
      node* const next = token.extra().next;  // read now: once pushed the token may be run and gone
      // One that was killed at the gate goes along; who takes it from the mailbox finds it ended.
      if (!mailbox_.try_push(token, [&token] { token.admit(); })) break;
      gate_.drop_first(next);
      ++moved;
    }
    refilled_.fetch_add(moved, std::memory_order_release);
    waiting_.fetch_sub(moved, std::memory_order_relaxed);
  }
  if (moved != 0) slots_.give(moved);
}

}  // namespace tokengate::lanes
