// Runs a piece of a program under many seeds, and says which one breaks it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <tokengate/core/error.h>
#include <tokengate/lanes/coordinator.h>

namespace tokengate::simulation {

/// Which seeds, and what they simulate.
struct seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 1000;
  unsigned cores = 4;
  options with{};  ///< everything else; its simulation's seed and cores do not count, mailbox_capacity 0 means 64
};

/// A seed under which the program fails, and how.
struct failure {
  std::uint64_t seed = 0;
  std::uint64_t fingerprint = 0;  ///< of what happened until then
  std::string what;               ///< the exception's message
  std::string trace;              ///< the last events before it
};

namespace detail {
std::optional<failure> explore(const seeds& wanted, const std::function<void(coordinator&)>& body);
}

/// Calls `body(coordinator&)` with a fresh simulated coordinator for each seed, which is the one that operations called
/// by this thread go to, and stops it. The body fails by throwing (also what it gets from a token), by returning false,
/// or by waiting when nothing can happen any more. Returns the first failure, or nothing. A body that uses no other
/// threads, and no state that outlives it, fails with the same seed every time. Not inside a token.
template <class Body>
[[nodiscard]] std::optional<failure> explore(const seeds& wanted, Body body) {
  return detail::explore(wanted, [&body](coordinator& cores) {
    if constexpr (std::is_void_v<std::invoke_result_t<Body&, coordinator&>>) {
      body(cores);
    } else {
      if (!body(cores)) throw error("the body returned false");
    }
  });
}

/// The same with one seed: a failure comes again.
template <class Body>
[[nodiscard]] std::optional<failure> replay(const failure& found, seeds wanted, Body body) {
  wanted.first = found.seed;
  wanted.count = 1;
  return explore(wanted, std::move(body));
}

}  // namespace tokengate::simulation
