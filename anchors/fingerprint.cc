#include <array>

#include <xxhash.h>

#include <tokengate/anchors/fingerprint.h>

namespace tokengate::detail {

std::uint64_t mix_word(std::uint64_t state, fingerprint_salt salt, std::uint64_t word) noexcept {
  const std::array<std::uint64_t, 2> both{static_cast<std::uint64_t>(salt), word};
  return ::XXH3_64bits_withSeed(both.data(), sizeof both, state);
}

std::uint64_t mix_bytes(std::uint64_t state, fingerprint_salt salt, const void* data, std::size_t size) noexcept {
  // Beyond 240 bytes a seed costs XXH3 a new secret: there only the result is mixed in.
  constexpr std::size_t seeded = 240;
  if (size > seeded) return mix_word(state + size, salt, ::XXH3_64bits(data, size));
  return mix_word(::XXH3_64bits_withSeed(data, size, state), salt, size);
}

}  // namespace tokengate::detail
