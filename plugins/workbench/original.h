// The work that the predecessor's waves are made of: four functions, and what the token of a number gives them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tokengate::workbench {

/// The sum of the primes below `end`, by trial division.
[[nodiscard]] std::uint64_t prime_sum(std::uint32_t end);

/// 300 random letters, reversed, in capitals, with A, E and I written as 4, 3 and 1.
[[nodiscard]] std::string mangled_text(std::uint32_t seed);

/// So many random numbers up to 100,000, sorted. Their count is their seed, too.
[[nodiscard]] std::vector<std::uint32_t> sorted_numbers(std::uint32_t count);

/// SHA-256 of `seed`, of that digest, and so on. Throws tokengate::error if OpenSSL has no SHA-256.
[[nodiscard]] std::array<unsigned char, 32> hash_chain(std::string_view seed, unsigned iterations);

/// In the order in which the tokens of a wave take turns: two light, one medium, one heavy.
enum class work : std::uint8_t { primes, text, sorting, hashes };
inline constexpr std::uint64_t kinds_of_work = 4;

/// Does the work of token `number` and returns 64 bits that tell its result from others: the sum, the first bytes of
/// the last digest, XXH3 of the text or the numbers. Any thread, any fiber.
[[nodiscard]] std::uint64_t do_work(work kind, std::uint64_t number);

/// The same for the kind whose turn it is.
[[nodiscard]] inline std::uint64_t do_work(std::uint64_t number) {
  return do_work(static_cast<work>(number % kinds_of_work), number);
}

/// What a token of real work returns.
struct answer {
  std::uint64_t value;
  std::chrono::nanoseconds waited;  ///< from its submission to its start
  std::chrono::nanoseconds ran;
};

/// The function of a token that was submitted at `made`.
template <work Kind>
answer timed_work(std::uint64_t number, std::chrono::steady_clock::time_point made) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t value = do_work(Kind, number);
  return {value, start - made, std::chrono::steady_clock::now() - start};
}

/// Calls the operation whose turn it is.
template <class First, class Second, class Third, class Fourth, class... More>
auto in_turn(std::uint64_t number, const First& first, const Second& second, const Third& third, const Fourth& fourth,
             const More&... more) {
  switch (number % kinds_of_work) {
    case 0:
      return first(number, more...);
    case 1:
      return second(number, more...);
    case 2:
      return third(number, more...);
    default:
      return fourth(number, more...);
  }
}

}  // namespace tokengate::workbench
