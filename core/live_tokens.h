// Which tokens there are, without a list of them: by looking through the memory of nodes.
#pragma once

#include <cstdint>
#include <vector>

#include <tokengate/core/node.h>
#include <tokengate/core/token_status.h>

namespace tokengate::detail {

/// Calls `look(node&, id, context)` for every token of a place that has not ended, in no order. Tokens that begin or
/// end meanwhile may or may not be among them. The node may be another one, or none, by the time `look` is called: only
/// its words may be changed, by id (node.h). `look` must neither make nor end tokens: locks are held. Costs a few
/// nanoseconds per node that was ever in use at the same time; for kills and debugging, any thread.
void for_each_live(std::uint16_t realm, void (*look)(node&, std::uint64_t id, void* context), void* context);

template <class Look>
void for_each_live(std::uint16_t realm, Look look) {
  for_each_live(
      realm, [](node& each, std::uint64_t id, void* context) { (*static_cast<Look*>(context))(each, id); }, &look);
}

/// Which tokens are to stop, and why.
struct stop_order {
  std::uint64_t id = 0;         ///< of one token; 0: of all
  std::int64_t operation = -1;  ///< number of an operation (0: submit); -1: of all
  stop_cause cause = stop_cause::killed;
  std::uint32_t reason = 0;
};
/// Asks tokens of a place to stop; returns how many were asked that had not been before.
std::size_t request_stops(std::uint16_t realm, const stop_order& order);

/// Has all who wait for tokens that were given up (stop_request::give_up) go on. Any thread.
void release_waiters(std::uint16_t realm);

/// What can be told of a token that one has no handle of.
token_status snapshot_of(const node& each, std::uint64_t id);

/// At most `most` tokens of a place that have not ended.
std::vector<token_status> live_tokens(std::uint16_t realm, std::size_t most);

}  // namespace tokengate::detail
