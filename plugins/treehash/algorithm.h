// The digests that treehash knows, and what they are called.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tokengate::treehash {

enum class algorithm : std::uint8_t { sha256, sha512, blake2b512, xxh3 };

struct algorithm_facts {
  std::string_view name;  ///< on the command line
  std::string_view tag;   ///< in BSD-style lines: `SHA256 (path) = hex`
  std::size_t digest_size;
};

inline constexpr std::array<algorithm_facts, 4> algorithms{{
    {"sha256", "SHA256", 32},
    {"sha512", "SHA512", 64},
    {"blake2b512", "BLAKE2b", 64},
    {"xxh3", "XXH3", 8},
}};

inline constexpr std::size_t longest_digest = 64;

[[nodiscard]] constexpr const algorithm_facts& facts(algorithm kind) noexcept {
  return algorithms[static_cast<std::size_t>(kind)];
}

[[nodiscard]] constexpr std::optional<algorithm> algorithm_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    if (algorithms[i].name == name) return static_cast<algorithm>(i);
  }
  return std::nullopt;
}

}  // namespace tokengate::treehash
