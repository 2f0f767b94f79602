#include <utility>

#include <tokengate/lanes/admission_gate.h>

namespace tokengate::lanes {

using detail::node;

bool admission_gate::append(node& token) noexcept {
  // Before others see it waiting, and may end it: what is counted as ended must be counted as taken in.
  const auto number = entered_.load(std::memory_order_relaxed);
  entered_.store(number + 1, std::memory_order_release);
  token.enqueue_as(token_state::waiting);
  if (!token.published) detail::tell(token, token_state::created, token_state::waiting);
  auto& extra = token.extra();
  extra.next = extra.ahead = nullptr;
  (arriving_.first == nullptr ? arriving_.first : arriving_.last->extra().next) = &token;
  arriving_.last = &token;
  if (node* const before = std::exchange(recent_[number % links_ahead], &token)) before->extra().ahead = &token;
  return true;
}

/// With the lock of those that leave, who are none. False when nobody has arrived.
bool admission_gate::all_come_to_leave() noexcept {
  const std::scoped_lock lock(arriving_.mutex);
  leaving_.first = std::exchange(arriving_.first, nullptr);
  leaving_.last = arriving_.last;
  forget_recent();
  return leaving_.first != nullptr;
}

/// They may be gone when the next one arrives.
void admission_gate::forget_recent() noexcept { recent_ = {}; }

void admission_gate::close() noexcept {
  const std::scoped_lock lock(leaving_.mutex, arriving_.mutex);
  closed_.store(true, std::memory_order_relaxed);
}

void admission_gate::open() noexcept {
  const std::scoped_lock lock(leaving_.mutex, arriving_.mutex);
  closed_.store(false, std::memory_order_relaxed);
}

std::size_t admission_gate::drain(bool (*wanted)(const node&, void*), void (*each)(node&, void*),
                                  void* context) noexcept {
  node* out = nullptr;
  std::size_t count = 0;
  {
    const std::scoped_lock lock(leaving_.mutex, arriving_.mutex);
    (leaving_.first == nullptr ? leaving_.first : leaving_.last->extra().next) =
        std::exchange(arriving_.first, nullptr);
    forget_recent();
    node* kept = nullptr;
    node** end_of_out = &out;
    for (node* token = leaving_.first; token != nullptr;) {
      node* const next = token->extra().next;
      if (wanted(*token, context)) {
        (kept == nullptr ? leaving_.first : kept->extra().next) = next;
        *end_of_out = token;
        end_of_out = &token->extra().next;
        token->extra().next = nullptr;
        ++count;
      } else {
        kept = token;
      }
      token = next;
    }
    leaving_.last = kept;
    gone_.store(gone_.load(std::memory_order_relaxed) + count, std::memory_order_release);
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
