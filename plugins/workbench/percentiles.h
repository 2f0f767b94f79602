// Exact percentiles of durations that were kept.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <vector>

namespace tokengate::workbench {

struct spread {
  std::chrono::nanoseconds p50{0}, p99{0}, max{0};
};

/// Reorders the values: O(n). A percentile is the smallest value that so many are not above.
[[nodiscard]] inline spread spread_of(std::vector<std::chrono::nanoseconds>& values) {
  if (values.empty()) return {};
  const auto at = [&values](double share) {
    const auto rank = std::llround(share * static_cast<double>(values.size() - 1));
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin(), place, values.end());
    return *place;
  };
  return {at(0.50), at(0.99), *std::max_element(values.begin(), values.end())};
}

}  // namespace tokengate::workbench
