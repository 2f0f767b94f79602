// Admitted tokens that a pause keeps back on one core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include <tokengate/core/node.h>

namespace tokengate::lanes {

/// First in, first out for the tokens of one operation from outside, for its children, and for those of one key of an
/// exclusive anchor; and the oldest first among those that may go. The core's own thread only. Touched only while
/// something is paused, and until what was kept back is gone. A call costs the number of operations that are kept back,
/// not of their tokens.
class held_tokens {
 public:
  [[nodiscard]] bool empty() const noexcept { return queues_.empty(); }

  /// Throws bad_alloc; then nothing has changed.
  void push(detail::node& token) {
    const auto [place, made] = queues_.try_emplace(key(token));
    try {
      place->second.push_back({&token, next_serial_});
    } catch (...) {
      if (made) queues_.erase(place);
      throw;
    }
    ++next_serial_;
  }
  /// Whether an older one that the token must not overtake is still here.
  [[nodiscard]] bool before(const detail::node& token) const noexcept {
    return (from_outside(token) || token.tags.exclusive) && queues_.contains(key(token));
  }
  /// Whether there is one for which `held(token)` is false. Asked for the oldest of each queue only, which speaks for
  /// the others.
  template <class Held>
  [[nodiscard]] bool any_but(Held held) const noexcept {
    return std::any_of(queues_.begin(), queues_.end(),
                       [&held](const auto& each) { return !held(*each.second.front().token); });
  }
  /// The oldest for which `held(token)` is false, taken out, or null.
  template <class Held>
  detail::node* pop_but(Held held) noexcept {
    auto oldest = queues_.end();
    for (auto each = queues_.begin(); each != queues_.end(); ++each)
      if (!held(*each->second.front().token) &&
          (oldest == queues_.end() || each->second.front().serial < oldest->second.front().serial))
        oldest = each;
    if (oldest == queues_.end()) return nullptr;
    detail::node* const token = oldest->second.front().token;
    oldest->second.pop_front();
    if (oldest->second.empty()) queues_.erase(oldest);
    return token;
  }
  template <class Look>
  void for_each(Look look) const {
    for (const auto& [operation, queue] : queues_)
      for (const entry& each : queue) look(*each.token);
  }

 private:
  struct entry {
    detail::node* token;
    std::uint64_t serial;
  };

  static bool from_outside(const detail::node& token) noexcept { return token.creator == 0; }
  /// Tokens of an exclusive anchor keep their order whoever made them, and by their key.
  using queue_key = std::pair<std::uint64_t, std::uint64_t>;
  static queue_key key(const detail::node& token) noexcept {
    const std::uint64_t operation = token.operation;
    if (token.tags.exclusive) return {operation * 2, detail::anchored(token).key};
    return {operation * 2 + (from_outside(token) ? 1 : 0), 0};
  }

  std::map<queue_key, std::deque<entry>> queues_;  // none of them empty
  std::uint64_t next_serial_ = 0;
};

}  // namespace tokengate::lanes
