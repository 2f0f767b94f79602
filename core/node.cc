#include <utility>

#include <tokengate/core/node.h>
#include <tokengate/core/unobserved.h>

namespace tokengate::detail {
namespace {

constexpr bool last_to_leave(std::uint32_t word) noexcept {
  return is_terminal(static_cast<token_state>(word & node::state_mask)) && (word & node::released) != 0 &&
         (word & node::queued) == 0;
}

constexpr bool failed(std::uint32_t word) noexcept {
  return static_cast<token_state>(word & node::state_mask) == token_state::failed;
}

}  // namespace

void node::finish(token_state end) noexcept {
  const auto difference = static_cast<std::uint32_t>(end) - static_cast<std::uint32_t>(token_state::executing);
  const auto before = word_.fetch_add(difference, std::memory_order_acq_rel);
  became_terminal(before, before + difference);
}

// A party that is registered as waiting holds the handle, so the node lives until it is notified.
void node::became_terminal(std::uint32_t before, std::uint32_t after) noexcept {
  if ((before & waited) != 0) return waiter_->notify();
  if ((after & released) == 0) return;
  if (failed(after)) note_unobserved_failure(*this);
  if (last_to_leave(after)) type->destroy(*this);
}

void node::release(bool observed) noexcept {
  auto word = word_.load(std::memory_order_acquire);
  do {
    // While the handle's share is not given up the node is there to be told about.
    if (failed(word) && !std::exchange(observed, true)) note_unobserved_failure(*this);
    // The usual end: the run and the queue are done with the node, so nobody else can touch the word any more.
    if (last_to_leave(word | released)) return type->destroy(*this);
  } while (!word_.compare_exchange_weak(word, word | released, std::memory_order_acq_rel, std::memory_order_acquire));
}

void node::drop(std::uint32_t share) noexcept {
  if (last_to_leave(word_.fetch_and(~share, std::memory_order_acq_rel) & ~share)) type->destroy(*this);
}

bool node::wait_by(waiter& party) noexcept {
  auto word = word_.load(std::memory_order_acquire);
  waiter_ = &party;
  do {
    if (is_terminal(static_cast<token_state>(word & state_mask))) return false;
  } while (!word_.compare_exchange_weak(word, word | waited, std::memory_order_acq_rel, std::memory_order_acquire));
  return true;
}

bool node::unwait() noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  do {
    if (is_terminal(static_cast<token_state>(word & state_mask))) return false;
  } while (!word_.compare_exchange_weak(word, word & ~waited, std::memory_order_acq_rel, std::memory_order_relaxed));
  return true;
}

}  // namespace tokengate::detail
