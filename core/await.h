// Waiting for tokens, the same for threads and fibers.
#pragma once

#include <chrono>
#include <cstddef>

#include <tokengate/core/host.h>
#include <tokengate/core/node.h>

namespace tokengate::detail {

/// Returns when the token is terminal. Inside a token the awaited one is run in place where that is allowed; otherwise
/// the fiber is suspended and its core drains on. Throws stop_unwind when the coordinator stops hard meanwhile.
inline void await(node& awaited);

/// The rest of it: the token was run in place just now but did not complete, or it was not run.
void await_slowly(node& awaited, bool was_run);

/// The same with a deadline; false when it passed first. Never runs the awaited token in place (it could not stop).
[[nodiscard]] bool await_until(node& awaited, std::chrono::steady_clock::time_point deadline);

/// Waits for all of `count` tokens; runs those that are still to be had in place, last to first (the order in which a
/// core's child stack gives them back cheapest).
void await_all(node* const* awaited, std::size_t count);

/// The same for tokens that were tried to be run in place already.
void await_open(node* const* awaited, std::size_t count);

/// Nobody needs to wait for it: it has ended, or is given up.
[[nodiscard]] bool over(const node& awaited) noexcept;

/// Waits until one of `count` >= 1 tokens is terminal and returns its index.
[[nodiscard]] std::size_t await_any(node* const* awaited, std::size_t count);

inline void await(node& awaited) {
  host* const core = host::current();
  const bool was_run = core != nullptr && core->run_inline(awaited);
  if (!was_run || awaited.state() != token_state::completed) [[unlikely]]
    await_slowly(awaited, was_run);
}

}  // namespace tokengate::detail
