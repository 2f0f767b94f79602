// Finds a name among the operations of a registry, at compile time and at run time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tokengate/core/operation_info.h>

namespace tokengate::detail {

constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a: short and the same everywhere
  for (const char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
  return hash;
}

/// The places of names in a list of operations. Open addressing, at most half full: a look-up takes a few steps.
/// Compilers bound the steps of one constant expression, and hundreds of names must fit in, hence no sorting.
template <std::size_t Count>
class name_index {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// Of operations with the same name the first counts.
  constexpr explicit name_index(const std::array<const operation_info*, Count>& operations) {
    for (std::size_t place = 0; place < Count; ++place) {
      const std::uint64_t hash = hash_name(operations[place]->name);
      entry& found = entries_[find(operations[place]->name, hash)];
      if (found.place == none) found = {operations[place]->name, hash, place};
    }
  }

  /// The place of the operation of this name, or `none`.
  constexpr std::size_t place_of(std::string_view name) const { return entries_[find(name, hash_name(name))].place; }

 private:
  struct entry {
    std::string_view name;
    std::uint64_t hash = 0;
    std::size_t place = none;
  };

  /// Where in entries_ the name stands, or would.
  constexpr std::size_t find(std::string_view name, std::uint64_t hash) const {
    std::size_t at = hash & mask;
    while (entries_[at].place != none && (entries_[at].hash != hash || entries_[at].name != name)) at = (at + 1) & mask;
    return at;
  }

  static constexpr std::size_t mask = std::bit_ceil(2 * Count + 1) - 1;
  std::array<entry, mask + 1> entries_{};
};

}  // namespace tokengate::detail
