#include <tokengate/lanes/admission_gate.h>

namespace tokengate::lanes {

using detail::node;

bool admission_gate::append(node& token) noexcept {
  // Before others see it waiting, and may end it: what is counted as ended must be counted as taken in.
  entered_.fetch_add(1, std::memory_order_release);
  token.enqueue_as(token_state::waiting);
  if (!token.published) detail::tell(token, token_state::created, token_state::waiting);
  token.extra().next = nullptr;
  (first_ == nullptr ? first_ : last_->extra().next) = &token;
  last_ = &token;
  state_.fetch_add(one_waits, std::memory_order_relaxed);
  return true;
}

void admission_gate::close() noexcept {
  const std::scoped_lock lock(mutex_);
  state_.fetch_or(closed, std::memory_order_relaxed);
}

void admission_gate::open() noexcept {
  const std::scoped_lock lock(mutex_);
  state_.fetch_and(~closed, std::memory_order_relaxed);
}

std::size_t admission_gate::drain(bool (*wanted)(const node&, void*), void (*each)(node&, void*),
                                  void* context) noexcept {
  node* out = nullptr;
  std::size_t count = 0;
  {
    const std::scoped_lock lock(mutex_);
    node* kept = nullptr;
    node** end_of_out = &out;
    for (node* token = first_; token != nullptr;) {
      node* const next = token->extra().next;
      if (wanted(*token, context)) {
        (kept == nullptr ? first_ : kept->extra().next) = next;
        *end_of_out = token;
        end_of_out = &token->extra().next;
        token->extra().next = nullptr;
        ++count;
      } else {
        kept = token;
      }
      token = next;
    }
    last_ = kept;
    left(count);
  }
  if (count != 0) slots_.give(count);
  while (out != nullptr) {
    node& token = *out;
    out = token.extra().next;  // read now: `each` may end the token
    each(token, context);
  }
  return count;
}

}  // namespace tokengate::lanes
