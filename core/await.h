// Waiting for tokens, the same for threads and fibers.
#pragma once

#include <chrono>
#include <cstddef>

namespace tokengate::detail {

class node;

/// Returns when the token is terminal. Inside a token the awaited one is run in place where that is allowed; otherwise
/// the fiber is suspended and its core drains on. Throws stop_unwind when the coordinator stops hard meanwhile.
void await(node& awaited);

/// The same with a deadline; false when it passed first. Never runs the awaited token in place (it could not stop).
[[nodiscard]] bool await_until(node& awaited, std::chrono::steady_clock::time_point deadline);

/// Waits for all of `count` tokens; runs those that are still to be had in place, last to first (the order in which a
/// core's child stack gives them back cheapest).
void await_all(node* const* awaited, std::size_t count);

/// Waits until one of `count` >= 1 tokens is terminal and returns its index.
[[nodiscard]] std::size_t await_any(node* const* awaited, std::size_t count);

}  // namespace tokengate::detail
