// Waiting for whichever of several tokens ends first.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

#include <tokengate/core/token.h>

namespace tokengate {

/// Waits until at least one of the tokens has ended, however, and returns its position; get() of that token does not
/// wait. `projection` finds the token in an element. Linear in the number of tokens. Throws misuse for an empty range
/// or an empty token.
template <class Range, class Projection = std::identity>
  requires std::forward_iterator<decltype(std::ranges::begin(std::declval<const Range&>()))>
[[nodiscard]] std::size_t wait_any(const Range& tokens, Projection projection = {}) {
  std::vector<detail::node*> nodes;
  for (const auto& each : tokens) nodes.push_back(&detail::token_access::node_of(std::invoke(projection, each)));
  if (nodes.empty()) throw misuse("wait_any: there is no token to wait for");
  return detail::await_any(nodes.data(), nodes.size());
}

}  // namespace tokengate
