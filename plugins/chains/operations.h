// Chains of tokens: leads with children, and steps that wait for each other.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include <tokengate/core/registry.h>
#include <tokengate/plugins/budgets/budget.h>
#include <tokengate/tokengate.h>

namespace tokengate::chains {

using budgets::budget;

/// Counts the children that ran, each core on a line of its own. Tokens must have ended when it is read.
class head_count {
 public:
  explicit head_count(unsigned cores) : cores_(cores) {}
  /// Only inside a token. Its core is the only writer of the line, and nothing here lets another token in between;
  /// relaxed, as the end of a token publishes what it did.
  void add() noexcept {
    auto& count = cores_[this_token::core()].count;
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t total() const noexcept;

 private:
  struct alignas(64) line {
    std::atomic<std::uint64_t> count{0};
  };
  std::vector<line> cores_;
};

/// What a chain returns.
struct chain_end {
  std::uint64_t value;
  std::chrono::steady_clock::time_point time;
};

/// What child `number` returns.
[[nodiscard]] constexpr std::uint64_t child_value(std::uint64_t number) { return number * number + 1; }
/// What a lead returns: the sum of what its children number, number + 1, ... return.
[[nodiscard]] std::uint64_t family_value(std::uint64_t number, std::uint64_t children);

TOKENGATE_DECLARE(std::uint64_t, chain_child, (std::uint64_t number, head_count* counter), weight::medium)
TOKENGATE_DECLARE(chain_end, chain_lead, (std::uint64_t number, std::uint64_t children, head_count* counter),
                  weight::medium, external_calls{chain_child})

// The predecessor's call chain: five steps, each of which needs the result of the one before.
TOKENGATE_DECLARE(std::uint64_t, chain_seed, (std::uint64_t value), weight::light, budget{100ms})
TOKENGATE_DECLARE(std::uint64_t, chain_filter, (std::uint64_t value), weight::light, budget{100ms})
TOKENGATE_DECLARE(std::uint64_t, chain_accumulate, (std::uint64_t value), weight::medium, budget{100ms})
TOKENGATE_DECLARE(std::uint64_t, chain_reduce, (std::uint64_t value), weight::light, budget{100ms})
TOKENGATE_DECLARE(std::uint64_t, chain_finalize, (std::uint64_t value), weight::light, budget{100ms})
TOKENGATE_DECLARE(chain_end, chain_of_steps, (std::uint64_t seed), weight::medium, budget{1s},
                  external_calls{chain_seed, chain_filter, chain_accumulate, chain_reduce, chain_finalize})
inline constexpr std::uint64_t steps = 5;
/// What it returns, by plain arithmetic: 2 * 2,130 for the seed 77. Its last bit is the parity that the last step adds.
[[nodiscard]] std::uint64_t steps_value(std::uint64_t seed);

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::chains
