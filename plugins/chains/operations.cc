#include <tokengate/plugins/chains/operations.h>

namespace tokengate::chains {
namespace {

constexpr std::uint64_t range_end = 51, modulus = 9'973;

std::uint64_t filtered(std::uint64_t value) { return value % 2 == 0 ? value / 2 : value * 2 + 1; }

std::uint64_t with_parity(std::uint64_t value) { return 2 * value + value % 2; }

}  // namespace

std::uint64_t head_count::total() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : cores_) sum += each.count.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t family_value(std::uint64_t number, std::uint64_t children) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < children; ++i) sum += child_value(number + i);
  return sum;
}

// The sum 1 + ... + 50 is 1,275: the tokens add up, this multiplies.
std::uint64_t steps_value(std::uint64_t seed) { return with_parity(filtered(seed * 3 + 7) * 1'275 % modulus); }

TOKENGATE_DEFINE(std::uint64_t, chain_child, (std::uint64_t number, head_count* counter)) {
  counter->add();
  return child_value(number);
}

TOKENGATE_DEFINE(chain_end, chain_lead, (std::uint64_t number, std::uint64_t children, head_count* counter)) {
  std::vector<token<std::uint64_t>> family;
  family.reserve(children);
  for (std::uint64_t i = 0; i < children; ++i) family.push_back(chain_child(number + i, counter));
  std::uint64_t sum = 0;
  for (const std::uint64_t value : gather(std::move(family))) sum += value;
  return {sum, std::chrono::steady_clock::now()};
}

TOKENGATE_DEFINE(std::uint64_t, chain_seed, (std::uint64_t value)) { return value * 3 + 7; }
TOKENGATE_DEFINE(std::uint64_t, chain_filter, (std::uint64_t value)) { return filtered(value); }
TOKENGATE_DEFINE(std::uint64_t, chain_accumulate, (std::uint64_t value)) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 1; i < range_end; ++i) sum += i * value;
  return sum;
}
TOKENGATE_DEFINE(std::uint64_t, chain_reduce, (std::uint64_t value)) { return value % modulus; }
TOKENGATE_DEFINE(std::uint64_t, chain_finalize, (std::uint64_t value)) { return with_parity(value); }

TOKENGATE_DEFINE(chain_end, chain_of_steps, (std::uint64_t seed)) {
  const std::uint64_t started = chain_seed(seed).get();
  const std::uint64_t chosen = chain_filter(started).get();
  const std::uint64_t expanded = chain_accumulate(chosen).get();
  const std::uint64_t reduced = chain_reduce(expanded).get();
  return {chain_finalize(reduced).get(), std::chrono::steady_clock::now()};
}

}  // namespace tokengate::chains
