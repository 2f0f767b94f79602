// Exclusive anchors: of the tokens of one key at most one has begun and not ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <tokengate/core/node.h>

namespace tokengate::anchors {

/// The strands of one core; its own thread only. First come, first served. All memory is in the nodes: nothing here
/// allocates or fails. Constant time, but for keys that share one of 256 chains.
class strands {
 public:
  /// Whose turn it is in its strand: nobody's before, or the token has it already. Otherwise false: the token is
  /// kept, behind those that came before, and comes out of pop() once.
  [[nodiscard]] bool enter(detail::node& token) noexcept;

  /// It is nobody's turn in the token's strand.
  [[nodiscard]] bool vacant(const detail::node& token) const noexcept;

  /// The token whose turn it is has ended, or does not want it now: it is the turn of the next one, if there is one.
  void leave(detail::node& token) noexcept;

  /// The same for a token that will enter again, and `along(waiting)` says which of those behind it do so, too: asked
  /// of each in order, once; it is out of the strand by then.
  template <class Along>
  void step_aside(detail::node& token, Along along) noexcept {
    auto& own = extra(token);
    detail::node *next = own.next, *last = nullptr;
    own.next = nullptr;
    while (next != nullptr) {
      detail::node& each = *std::exchange(next, extra(*next).next);
      if (along(each)) continue;
      (last == nullptr ? own.next : extra(*last).next) = &each;
      extra(each).next = nullptr;
      last = &each;
    }
    own.ahead = last;
    leave(token);
  }

  /// A token whose turn came by leave(), each once, oldest turn first; or null.
  detail::node* pop() noexcept;
  [[nodiscard]] bool empty() const noexcept { return first_turn_ == nullptr; }

  /// Calls `look(waiting, holder)` for every token that is kept, with the one whose turn it is in its strand.
  template <class Look>
  void for_each(Look look) const {
    for (detail::node* holder : chains_)
      for (; holder != nullptr; holder = extra(*holder).chain)
        for (detail::node* each = extra(*holder).next; each != nullptr; each = extra(*each).next) look(*each, *holder);
  }

 private:
  /// Of a holder `next` leads to the first that waits, `ahead` to the last; of one that waits `next` to the one behind.
  static detail::anchored_extra& extra(const detail::node& token) noexcept { return detail::anchored(token); }
  [[nodiscard]] std::size_t chain_of(const detail::node& token) const noexcept {
    return extra(token).key % chains_.size();
  }
  [[nodiscard]] detail::node* holder_of(const detail::node& token) const noexcept;

  std::array<detail::node*, 256> chains_{};  // of holders
  detail::node *first_turn_ = nullptr, *last_turn_ = nullptr;
};

}  // namespace tokengate::anchors
