#include <utility>

#include <tokengate/core/node.h>
#include <tokengate/core/unobserved.h>

namespace tokengate::detail {
namespace {

constexpr bool last_to_leave(std::uint64_t word) noexcept {
  return is_terminal(node::state_of(word)) && (word & node::released) != 0 && (word & node::queued) == 0;
}

constexpr bool failed(std::uint64_t word) noexcept { return node::state_of(word) == token_state::failed; }

}  // namespace

void node::finish(token_state end) noexcept {
  // Nobody else refers to it any more: the handle let go, and the queue's share went with the claim. Then nobody else
  // can change the word.
  const auto seen = word_.load(std::memory_order_acquire);
  if ((seen & (released | queued | waited)) == released) {
    word_.store(with_state(seen, end), std::memory_order_relaxed);
    return became_terminal(seen, with_state(seen, end));
  }
  const auto difference = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(token_state::executing);
  const auto before = word_.fetch_add(difference, std::memory_order_acq_rel);
  became_terminal(before, before + difference);
}

// A party that is registered as waiting holds the handle, so the node lives until it is notified.
void node::became_terminal(std::uint64_t before, std::uint64_t after) noexcept {
  if ((before & waited) != 0) return extra().waiting->notify();
  if ((after & released) == 0) return;
  if (failed(after)) note_unobserved_failure(*this);
  if (last_to_leave(after)) type->destroy(*this);
}

std::uint64_t node::begin_end(std::uint64_t of_id, std::uint64_t spare) noexcept {
  auto word = word_.load(std::memory_order_acquire);
  do {
    const auto now = state_of(word);
    if (now != token_state::waiting && now != token_state::admitted) return 0;
    if (word >> id_shift != of_id || (word & (spare | ending)) != 0) return 0;
  } while (!word_.compare_exchange(word, word | ending, std::memory_order_acq_rel));
  return word;
}

void node::complete_end(token_state end, std::uint64_t clear) noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do {
    after = with_state(word, end) & ~(ending | clear);
  } while (!word_.compare_exchange(word, after, std::memory_order_acq_rel));
  became_terminal(word, after);
}

void node::release_slowly(bool observed) noexcept {
  auto word = word_.load(std::memory_order_acquire);
  do {
    // While the handle's share is not given up the node is there to be told about.
    if (failed(word) && !std::exchange(observed, true)) note_unobserved_failure(*this);
    // The usual end: the run and the queue are done with the node, so nobody else can touch the word any more.
    if (last_to_leave(word | released)) return type->destroy(*this);
  } while (!word_.compare_exchange(word, word | released, std::memory_order_acq_rel));
}

void node::drop(std::uint64_t share) noexcept {
  if (last_to_leave(word_.fetch_and(~share, std::memory_order_acq_rel) & ~share)) type->destroy(*this);
}

bool node::wait_by(waiter& party) noexcept {
  auto word = word_.load(std::memory_order_acquire);
  if (is_terminal(state_of(word))) return false;
  extra().waiting = &party;
  do {
    if (is_terminal(state_of(word))) return false;
  } while (!word_.compare_exchange(word, word | waited, std::memory_order_acq_rel));
  return true;
}

bool node::unwait() noexcept {
  auto word = word_.load(std::memory_order_relaxed);
  do {
    if (is_terminal(state_of(word)) || (word & waited) == 0) return false;
  } while (!word_.compare_exchange(word, word & ~waited, std::memory_order_acq_rel));
  return true;
}

void node::release_waiter(std::uint64_t of_id) noexcept {
  auto word = word_.load(std::memory_order_acquire);
  do {
    if (is_terminal(state_of(word)) || (word & waited) == 0 || word >> id_shift != of_id) return;
  } while (!word_.compare_exchange(word, word & ~waited, std::memory_order_acq_rel));
  extra().waiting->notify();  // whoever waits holds the handle until it is notified
}

}  // namespace tokengate::detail
