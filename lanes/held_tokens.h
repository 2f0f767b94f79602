// Admitted tokens that a pause keeps back on one core.
#pragma once

#include <algorithm>
#include <cstddef>
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
    put(token, [this, &token](queue& all) { all.tokens.push_back({&token, next_serial_}); });
  }
  /// The same for one that is older than all that are here: of its key's strand. Those of one `group`, a number that
  /// was not used for others, come in their order.
  void push_older(detail::node& token, std::uint64_t group) {
    put(token, [this, &token, group](queue& all) {
      if (std::exchange(all.group, group) != group) all.of_group = 0;
      const auto place = all.tokens.begin() + all.of_group;
      all.tokens.insert(place, {&token, place != all.tokens.end() ? place->serial : next_serial_});
      ++all.of_group;
    });
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
                       [&held](const auto& each) { return !held(*each.second.tokens.front().token); });
  }
  /// The oldest for which `held(token)` is false, taken out, or null.
  template <class Held>
  detail::node* pop_but(Held held) noexcept {
    auto oldest = queues_.end();
    for (auto each = queues_.begin(); each != queues_.end(); ++each)
      if (!held(*each->second.tokens.front().token) &&
          (oldest == queues_.end() || each->second.tokens.front().serial < oldest->second.tokens.front().serial))
        oldest = each;
    if (oldest == queues_.end()) return nullptr;
    auto& tokens = oldest->second.tokens;
    detail::node* const token = tokens.front().token;
    tokens.pop_front();
    if (tokens.empty()) queues_.erase(oldest);
    return token;
  }
  template <class Look>
  void for_each(Look look) const {
    for (const auto& [operation, all] : queues_)
      for (const entry& each : all.tokens) look(*each.token);
  }

 private:
  struct entry {
    detail::node* token;
    std::uint64_t serial;
  };
  struct queue {
    std::deque<entry> tokens;
    std::uint64_t group = 0;      // the last one that came as older
    std::ptrdiff_t of_group = 0;  // how many of it, while none was taken out
  };

  template <class Put>
  void put(const detail::node& token, Put how) {
    const auto [place, made] = queues_.try_emplace(key(token));
    try {
      how(place->second);
    } catch (...) {
      if (made) queues_.erase(place);
      throw;
    }
    ++next_serial_;
  }

  static bool from_outside(const detail::node& token) noexcept { return token.creator == 0; }
  /// Tokens of an exclusive anchor keep their order whoever made them, and by their key.
  using queue_key = std::pair<std::uint64_t, std::uint64_t>;
  static queue_key key(const detail::node& token) noexcept {
    const std::uint64_t operation = token.operation;
    if (token.tags.exclusive) return {operation * 2, detail::anchored(token).key};
    return {operation * 2 + (from_outside(token) ? 1 : 0), 0};
  }

  std::map<queue_key, queue> queues_;  // none of them empty
  std::uint64_t next_serial_ = 0;
};

}  // namespace tokengate::lanes
