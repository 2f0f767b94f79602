// A log-linear histogram of durations: constant size, one writer, any number of readers.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <new>

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
    const std::size_t bucket = bucket_of(value);
    add_relaxed(counts_[bucket]);
    if (value > largest_.load(std::memory_order_relaxed)) largest_.store(value, std::memory_order_relaxed);
    const auto used = used_.load(std::memory_order_relaxed);
    const auto line = std::uint64_t{1} << (bucket / per_line);
    // Relaxed: whoever reads misses a value that just came in, as he might have missed its count.
    if ((used & line) == 0) used_.store(used | line, std::memory_order_relaxed);
  }

  /// A sum of several histograms, for reading. Costs what the used parts of them cost, however many values they hold.
  class total {
   public:
    total() noexcept {}  // NOLINT: a line of counts_ is set when it comes into use
    void add(const histogram& part) noexcept {
      for_each_line(part.used_.load(std::memory_order_relaxed), [&](std::size_t first) {
        const auto line = std::uint64_t{1} << (first / per_line);
        if ((used_ & line) == 0) std::fill_n(&counts_[first], per_line, std::uint64_t{0});
        used_ |= line;
        for (std::size_t i = first; i < first + per_line; ++i) {
          const auto more = part.counts_[i].load(std::memory_order_relaxed);
          counts_[i] += more;
          count_ += more;
        }
        return false;
      });
      largest_ = std::max(largest_, part.largest_.load(std::memory_order_relaxed));
    }
    /// What was added since `earlier`, a total of the same histograms that was read before this one. Its max() is the
    /// end of the last bucket that has got something, at most this one's max().
    [[nodiscard]] total since(const total& earlier) const noexcept {
      total rest;
      rest.used_ = used_;
      for_each_line(used_, [&](std::size_t first) {
        const bool known = (earlier.used_ & std::uint64_t{1} << (first / per_line)) != 0;
        for (std::size_t i = first; i < first + per_line; ++i) {
          rest.counts_[i] = counts_[i] - (known ? earlier.counts_[i] : 0);
          rest.count_ += rest.counts_[i];
          if (rest.counts_[i] != 0) rest.largest_ = std::min(upper_bound_of(i), largest_);
        }
        return false;
      });
      return rest;
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return largest_; }
    /// The upper bound of the bucket that holds the value at `share` (0.5 = median), at most max(); 0 when empty.
    [[nodiscard]] std::uint64_t percentile(double share) const noexcept {
      const auto rank = static_cast<double>(count_) * share;
      std::uint64_t seen = 0, found = largest_;
      for_each_line(used_, [&](std::size_t first) {
        for (std::size_t i = first; i < first + per_line; ++i) {
          seen += counts_[i];
          if (counts_[i] == 0 || static_cast<double>(seen) < rank) continue;
          found = std::min(upper_bound_of(i), largest_);
          return true;
        }
        return false;
      });
      return found;
    }

   private:
    std::uint64_t counts_[buckets];  // set in lines that are used
    std::uint64_t used_ = 0, count_ = 0, largest_ = 0;
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
  static constexpr std::size_t per_line = 8;
  static_assert(buckets / per_line <= 64, "a bit for each line");

  /// Calls `look` with the first bucket of each line until it returns true.
  template <class Look>
  static void for_each_line(std::uint64_t lines, Look look) noexcept {
    for (; lines != 0; lines &= lines - 1)
      if (look(static_cast<std::size_t>(std::countr_zero(lines)) * per_line)) return;
  }

  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::uint64_t> largest_{0};
  std::atomic<std::uint64_t> used_{0};  // a bit for each line of eight buckets that has ever counted something
};

/// A histogram that takes memory once it has a value: most operations never wait for storage, many never run.
class lazy_histogram {
 public:
  lazy_histogram() noexcept = default;
  lazy_histogram(const lazy_histogram&) = delete;
  lazy_histogram& operator=(const lazy_histogram&) = delete;
  ~lazy_histogram() { delete made_.load(std::memory_order_relaxed); }

  /// Owner only. Without memory the value is not counted.
  void add(std::uint64_t value) noexcept {
    histogram* made = made_.load(std::memory_order_relaxed);
    if (made == nullptr) [[unlikely]] {
      made = new (std::nothrow) histogram;
      if (made == nullptr) return;
      made_.store(made, std::memory_order_release);
    }
    made->add(value);
  }
  void add_to(histogram::total& sum) const noexcept {
    if (const histogram* const made = made_.load(std::memory_order_acquire)) sum.add(*made);
  }

 private:
  std::atomic<histogram*> made_{nullptr};  // release with a new one, acquire by readers: they see it empty
};

}  // namespace tokengate::detail
