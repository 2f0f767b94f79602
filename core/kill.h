// Ending tokens before their time.
#pragma once

#include <cstdint>

#include <tokengate/core/node.h>

namespace tokengate::detail {

/// Wants the token with this id stopped. One that is queued ends at once (a child: as soon as its core looks); one that
/// runs gets a request, which its suspension points honour. False: it has ended, or was asked before. Any thread; takes
/// a lock. The memory must be that of a node, the token may be gone.
bool request_stop(node& subject, std::uint64_t id, stop_cause cause, std::uint32_t reason) noexcept;

/// The token's deadline, if it has one; max() otherwise.
[[nodiscard]] waiter::clock::time_point deadline_of(const node& subject) noexcept;

/// Gives a token that nobody knows yet a deadline, unless it has an earlier one.
void set_deadline(node& made, waiter::clock::time_point deadline) noexcept;

}  // namespace tokengate::detail
