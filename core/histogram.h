// A log-linear histogram of durations: constant size, one writer, any number of readers.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace tokengate::detail {

/// Adds to a counter that has one writer: a plain load and store, no locked instruction. Relaxed: readers want the
/// number, they draw no conclusion about other memory from it.
inline void add_relaxed(std::atomic<std::uint64_t>& counter, std::uint64_t amount = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// The same; who reads it with acquire sees what the writer did before.
inline void add_release(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

/// Values of ticks fall into buckets of at most 1/8 relative width (3 bits of mantissa), so a percentile read back is
/// at most 12.5 % too high.
class histogram {
 public:
  static constexpr unsigned mantissa_bits = 3;
  static constexpr std::size_t buckets = (64 - mantissa_bits + 1) << mantissa_bits;

  /// Owner only.
  void add(std::uint64_t value) noexcept {
    add_relaxed(counts_[bucket_of(value)]);
    if (value > largest_.load(std::memory_order_relaxed)) largest_.store(value, std::memory_order_relaxed);
  }

  /// A sum of several histograms, for reading.
  class total {
   public:
    void add(const histogram& part) noexcept {
      for (std::size_t i = 0; i < buckets; ++i) counts_[i] += part.counts_[i].load(std::memory_order_relaxed);
      const auto largest = part.largest_.load(std::memory_order_relaxed);
      if (largest > largest_) largest_ = largest;
    }
    [[nodiscard]] std::uint64_t count() const noexcept {
      std::uint64_t sum = 0;
      for (const auto part : counts_) sum += part;
      return sum;
    }
    [[nodiscard]] std::uint64_t max() const noexcept { return largest_; }
    /// The upper bound of the bucket that holds the value at `share` (0.5 = median), at most max(); 0 when empty.
    [[nodiscard]] std::uint64_t percentile(double share) const noexcept {
      const auto rank = static_cast<double>(count()) * share;
      double seen = 0;
      for (std::size_t i = 0; i < buckets; ++i) {
        seen += static_cast<double>(counts_[i]);
        if (counts_[i] != 0 && seen >= rank) return upper_bound_of(i) < largest_ ? upper_bound_of(i) : largest_;
      }
      return largest_;
    }

   private:
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t largest_ = 0;
  };

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    constexpr std::uint64_t linear = 1U << mantissa_bits;
    if (value < linear) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - mantissa_bits - 1;
    return ((std::size_t{shift} + 1) << mantissa_bits) + ((value >> shift) & (linear - 1));
  }
  [[nodiscard]] static constexpr std::uint64_t upper_bound_of(std::size_t bucket) noexcept {
    constexpr std::uint64_t linear = 1U << mantissa_bits;
    if (bucket < linear) return bucket;
    const std::size_t shift = (bucket >> mantissa_bits) - 1;
    return (((bucket & (linear - 1)) + linear + 1) << shift) - 1;
  }

 private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::uint64_t> largest_{0};
};

}  // namespace tokengate::detail
