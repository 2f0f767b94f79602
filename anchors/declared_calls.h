// Which operations a lead says that it calls, by number; and what leads called besides.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace tokengate::anchors {

/// For one coordinator: of all operations that are enrolled by then. Numbers are those of nodes: index + 1, and 0 for
/// submit(), which is nobody's call.
class declared_calls {
 public:
  declared_calls();

  /// Whether external_calls of the lead name the child. Constant time; any thread.
  [[nodiscard]] bool contain(std::uint32_t lead, std::uint32_t child) const noexcept {
    if (child == 0 || lead >= rows_.size() || rows_[lead] == nobody) return true;
    if (child >= rows_.size()) return true;  // enrolled later: nothing is known of it
    const std::size_t bit = rows_[lead] * words_ * 64 + child;
    return (bits_[bit / 64] >> bit % 64 & 1) != 0;
  }

  /// How many such calls there were, for the caller to add to; stays where it is. Any thread; takes a lock. Throws
  /// bad_alloc.
  [[nodiscard]] std::atomic<std::uint64_t>& undeclared(std::uint32_t lead, std::uint32_t child);
  /// All of these.
  [[nodiscard]] std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> undeclared() const;

 private:
  static constexpr std::size_t nobody = ~std::size_t{0};

  std::size_t words_;              // of a row
  std::vector<std::size_t> rows_;  // by number: of a lead its row
  std::vector<std::uint64_t> bits_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::atomic<std::uint64_t>> undeclared_;  // guarded by mutex_
};

}  // namespace tokengate::anchors
