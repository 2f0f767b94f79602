#include <tokengate/plugins/saturation/operations.h>

namespace tokengate::saturation {
namespace {

using clock = std::chrono::steady_clock;

bool is_prime(std::uint32_t number) {
  for (std::uint32_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

}  // namespace

void crowd::enter() noexcept {
  const std::uint64_t now = inside_.fetch_add(1, std::memory_order_relaxed) + 1;
  std::uint64_t most = most_.load(std::memory_order_relaxed);
  while (most < now && !most_.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
  }
}

stay sleep_in(crowd* all, std::chrono::nanoseconds length) {
  const auto start = clock::now();
  all->enter();
  this_token::sleep_for(length);
  all->leave();
  const auto end = clock::now();
  return {static_cast<std::uint64_t>((end - start) / std::chrono::nanoseconds(1)), end - start, end};
}

stay compute_in(crowd* all, std::uint32_t end) {
  const auto start = clock::now();
  all->enter();
  std::uint64_t primes = 0;
  for (std::uint32_t number = 0; number < end; ++number) primes += is_prime(number) ? 1 : 0;
  all->leave();
  const auto now = clock::now();
  return {primes, now - start, now};
}

}  // namespace tokengate::saturation
