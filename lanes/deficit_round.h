// Deficit round robin between the weights of one core, over measured run time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>

namespace tokengate::lanes {

/// Of the processor time of a core; 0 counts as 1.
struct weight_shares {
  std::uint16_t light = 3, medium = 2, heavy = 1;
};

/// Whose turn it is. While several weights have tokens, each gets processor time in proportion to its share, whatever
/// its tokens cost; and between two light tokens at most two heavy ones start while light ones are there. So a light
/// token at the head of its queue waits for at most two heavy ones, including the one that was running when it came.
///
/// Building block, for the core's own thread: no member may be called by another one. The time of a token is not known
/// before it has run, so every token is charged what tokens of its weight have taken lately (note()), and a weight may
/// be in debt. A weight without tokens saves nothing. Never idles: a weight that is alone is not held back.
class deficit_round {
 public:
  static constexpr std::size_t weights = 3;

  /// Ticks (core/clock.h: 0.3 to 1 ns) that a weight gets at every turn for each point of its share.
  static constexpr std::int64_t quantum = 1 << 14;
  /// So many heavy tokens in a row while light ones are there.
  static constexpr unsigned heavy_in_a_row = 2;

  explicit deficit_round(weight_shares of = {}) noexcept
      : quantum_{quantum * std::max<std::int64_t>(of.light, 1), quantum * std::max<std::int64_t>(of.medium, 1),
                 quantum * std::max<std::int64_t>(of.heavy, 1)} {}

  /// The next token: `take(weight)` must return one of that weight or null, `empty(weight)` may be a snapshot. Null
  /// when every take() was null. O(1).
  template <class Take, class Empty>
  detail::node* next(Take take, Empty empty) noexcept {
    // The usual case first: whoever had the last turn has tokens and credit left.
    if (credit_[turn_] > 0 && turn_ != heavy) [[likely]]
      if (detail::node* const token = take(static_cast<weight>(turn_))) return charge(turn_, token);
    std::array<bool, weights> has_none{};
    if (detail::node* const token = round(take, has_none)) return token;
    if (!skip_rounds(empty, has_none)) return nullptr;
    if (detail::node* const token = round(take, has_none)) return token;
    // What had tokens has lost them to a thief; whoever has some now is served.
    for (std::size_t i = 0; i < weights; ++i)
      if (detail::node* const token = take(static_cast<weight>(i))) return charge(i, token);
    return nullptr;
  }

  /// A token of this weight took so many ticks.
  void note(weight what, std::uint64_t ticks) noexcept {
    const auto taken = static_cast<std::int64_t>(std::min(ticks, std::uint64_t{1} << 40));
    std::int64_t& cost = cost_[static_cast<std::size_t>(what)];
    bool& known = known_[static_cast<std::size_t>(what)];
    cost = std::max<std::int64_t>(known ? cost + (taken - cost) / 8 : taken, 1);
    known = true;
  }

 private:
  static constexpr std::size_t light = 0, medium = 1, heavy = 2;
  static_assert(static_cast<std::size_t>(weight::light) == light && static_cast<std::size_t>(weight::heavy) == heavy);

  detail::node* charge(std::size_t which, detail::node* token) noexcept {
    credit_[which] -= cost_[which];
    if (which == light) heavies_ = 0;
    if (which == heavy && heavies_ < heavy_in_a_row) ++heavies_;
    return token;
  }

  /// Once round, beginning with the weight whose turn it is. Notes who was asked in vain.
  template <class Take>
  detail::node* round(Take take, std::array<bool, weights>& has_none) noexcept {
    for (std::size_t i = 0;; ++i) {
      if (credit_[turn_] > 0) {
        if (turn_ == heavy && heavies_ == heavy_in_a_row)
          if (detail::node* const token = take(weight::light)) return charge(light, token);
        if (detail::node* const token = take(static_cast<weight>(turn_))) return charge(turn_, token);
        has_none[turn_] = true;
        credit_[turn_] = 0;
      }
      if (i == weights) return nullptr;
      turn_ = turn_ == heavy ? light : turn_ + 1;
      credit_[turn_] += quantum_[turn_];
    }
  }

  /// Nobody has both credit and tokens. False when nobody has tokens: then all debts are forgotten. Else as many rounds
  /// pass at once as it takes until somebody who has some may go on.
  template <class Empty>
  bool skip_rounds(Empty empty, std::array<bool, weights>& has_none) noexcept {
    std::int64_t rounds = -1;
    for (std::size_t i = 0; i < weights; ++i) {
      // Only those in debt have not been asked.
      has_none[i] = has_none[i] || empty(static_cast<weight>(i));
      if (has_none[i]) continue;
      const std::int64_t needed = credit_[i] > 0 ? 0 : -credit_[i] / quantum_[i] + 1;
      rounds = rounds < 0 ? needed : std::min(rounds, needed);
    }
    if (rounds < 0) {
      credit_ = {};
      return false;
    }
    for (std::size_t i = 0; i < weights; ++i) {
      credit_[i] += rounds * quantum_[i];
      if (has_none[i]) credit_[i] = std::min<std::int64_t>(credit_[i], 0);
    }
    return true;
  }

  std::array<std::int64_t, weights> quantum_;
  std::array<std::int64_t, weights> credit_{};
  // Ticks of a token, a running mean. The first guess only matters until something has been measured.
  std::array<std::int64_t, weights> cost_{1 << 14, 1 << 14, 1 << 14};
  std::array<bool, weights> known_{};
  std::size_t turn_ = light;
  unsigned heavies_ = 0;  // that have started since the last light token, up to heavy_in_a_row
};

}  // namespace tokengate::lanes
