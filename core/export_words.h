// What all that shows operations needs: the words for tags, the lanes of operations, letters that must not stand as
// they are.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tokengate/core/operation_info.h>

namespace tokengate::detail {

inline constexpr std::array<std::string_view, 3> weight_words{"light", "medium", "heavy"};
inline constexpr std::array<std::string_view, 5> storage_words{"", "slow", "moderate", "fast", "insane"};
inline constexpr std::array<std::string_view, 2> domain_words{"bound", "preferred"};
inline constexpr std::array<std::string_view, 4> hash_words{"none", "fast", "standard", "full"};
inline constexpr std::array<std::string_view, 4> digest_words{"full", "short", "fast", "minimal"};

template <class Words, class Value>
std::string_view word_for(const Words& words, Value value) {
  return words[static_cast<std::size_t>(value)];
}

/// How many bytes the letter in front takes in UTF-8; 0 if what stands there is none. `text` is not empty.
std::size_t letter_length(std::string_view text) noexcept;

/// Calls `put(letter)` for each letter; U+FFFD comes for a byte that belongs to none.
template <class Put>
void for_each_letter(std::string_view text, Put put) {
  while (!text.empty()) {
    const std::size_t length = letter_length(text);
    put(length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

/// One lane and whom it serves; without a name it is the coordinator's default one.
struct served_lane {
  std::string_view name;
  std::vector<const operation_info*> operations;
};
/// First the default one if an operation names none, then those in `lanes`, then others as operations name them.
std::vector<served_lane> lanes_of(std::span<const operation_info* const> operations,
                                  std::span<const std::string_view> lanes);

}  // namespace tokengate::detail
