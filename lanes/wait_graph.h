// Who waits for whom: finds cycles of tokens that can never go on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tokengate/lanes/survey.h>

namespace tokengate::lanes {

/// One token of a cycle, and how it is held up by the next one.
struct cycle_step {
  unsigned core;
  std::uint64_t serial;  ///< of the wait
  seen_token token;
  /// waits: for the next token. runs: the next token, in place. lock: waits for a lock that the next token owns.
  /// strand: cannot begin before the next token ends, which has their exclusive anchor.
  enum class link : std::uint8_t { waits, runs, lock, strand } how;
  bool may_throw;  ///< the wait may end by an exception
};

struct wait_cycle {
  static constexpr std::size_t nobody = ~std::size_t{0};

  std::vector<cycle_step> steps;  ///< the last is held up by the first
  std::size_t victim = nobody;    ///< the youngest step that waits and may throw
};

/// Cycles that must be broken so that no token in the views is stuck; each has lost its victim to a verdict before the
/// next one is looked for.
///
/// A token is stuck when it waits for all of several tokens and one of them is stuck, for any and all of them are, or
/// for a lock whose owner is; when it runs a stuck token in place, or is queued behind one of its exclusive anchor.
/// Tokens that are in no view, that run, are ready, or wait for anything else or for a limited time, are not. So
/// nothing is found that is not there, even when the views are of different instants: who waits so does it until what
/// it waits for has ended, and is found waiting by any later view, too. (Locks change hands: for them, and for waits
/// that a stop request has ended, a second survey must agree.)
///
/// O(n log n) in the number of waits and awaited tokens.
[[nodiscard]] std::vector<wait_cycle> find_cycles(std::span<const core_view> views);

/// "token 12 of 'a' waits for token 15 of 'b', which waits for token 12 of 'a'", from the victim on.
[[nodiscard]] std::string describe(const wait_cycle& cycle);

/// Whether all waits of the cycle are in these views, too.
[[nodiscard]] bool still_there(const wait_cycle& cycle, std::span<const core_view> views);

}  // namespace tokengate::lanes
