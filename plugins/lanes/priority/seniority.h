// Who is next when light goes before medium before heavy, but nobody waits for ever.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>

namespace tokengate::lanes {

/// Counts how often a weight was passed over: a token of a lighter weight was taken although the weight had one. What
/// has been passed over as often as `patience` says goes before everything else, heavy before medium; then its count
/// begins anew. One thread at a time is exact; several may lose a count.
class seniority {
 public:
  /// Tokens; light ones never wait for others.
  struct patience {
    unsigned medium = 8, heavy = 32;
  };

  explicit seniority(patience of = {8, 32}) noexcept : patience_{0, of.medium, of.heavy} {}

  /// The next token: `take(weight)` must return one of that weight or null, `empty(weight)` may be a snapshot.
  template <class Take, class Empty>
  detail::node* next(Take take, Empty empty) noexcept {
    for (std::size_t i = weights; --i > 0;) {
      if (passed_[i].load(std::memory_order_relaxed) < patience_[i]) continue;
      if (detail::node* const token = take(static_cast<weight>(i))) return took(i, token, empty);
      passed_[i].store(0, std::memory_order_relaxed);
    }
    for (std::size_t i = 0; i < weights; ++i)
      if (detail::node* const token = take(static_cast<weight>(i))) return took(i, token, empty);
    return nullptr;
  }

 private:
  static constexpr std::size_t weights = 3;

  template <class Empty>
  detail::node* took(std::size_t which, detail::node* token, Empty empty) noexcept {
    passed_[which].store(0, std::memory_order_relaxed);
    for (std::size_t i = which + 1; i < weights; ++i) {
      const unsigned times = passed_[i].load(std::memory_order_relaxed);
      // At most once: the count stays where it gives the weight its turn.
      const unsigned more = times < patience_[i] ? times + 1 : times;
      if (const unsigned now = empty(static_cast<weight>(i)) ? 0 : more; now != times)
        passed_[i].store(now, std::memory_order_relaxed);
    }
    return token;
  }

  const std::array<unsigned, weights> patience_;
  // Relaxed, and no read-modify-write: the counts carry no other data, and of several thieves one may lose a count.
  std::array<std::atomic<unsigned>, weights> passed_{};
};

}  // namespace tokengate::lanes
