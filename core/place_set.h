// A set of places in a list of known length.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tokengate::detail {

/// One bit for each place: whole sets are joined and compared in a few steps, also by the compiler, which bounds the
/// steps of a constant expression.
template <std::size_t Count>
class place_set {
 public:
  constexpr bool has(std::size_t place) const { return (words_[place / 64] >> (place % 64) & 1u) != 0; }
  constexpr void add(std::size_t place) { words_[place / 64] |= std::uint64_t{1} << (place % 64); }
  constexpr void remove(std::size_t place) { words_[place / 64] &= ~(std::uint64_t{1} << (place % 64)); }

  constexpr std::size_t size() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : words_) sum += static_cast<std::size_t>(std::popcount(word));
    return sum;
  }

  /// The first place at or after `from` that is in the set; Count if there is none.
  constexpr std::size_t next(std::size_t from) const {
    for (std::size_t word = from / 64, skipped = from % 64; word < words_.size(); ++word, skipped = 0) {
      const std::uint64_t rest = words_[word] >> skipped;
      if (rest != 0) return word * 64 + skipped + static_cast<std::size_t>(std::countr_zero(rest));
    }
    return Count;
  }

  static constexpr place_set all() {
    place_set result;
    for (std::size_t place = 0; place < Count; ++place) result.add(place);
    return result;
  }

  constexpr place_set& operator|=(const place_set& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  constexpr place_set& operator&=(const place_set& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  constexpr place_set& operator-=(const place_set& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
    return *this;
  }
  constexpr bool operator==(const place_set&) const = default;

 private:
  std::array<std::uint64_t, (Count + 63) / 64> words_{};
};

}  // namespace tokengate::detail
