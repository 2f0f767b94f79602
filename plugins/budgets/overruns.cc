#include <algorithm>

#include <tokengate/plugins/budgets/overruns.h>
#include <tokengate/plugins/report/human.h>

namespace tokengate::budgets {

std::string overruns(std::span<const operation_statistics> statistics,
                     std::span<const operation_info* const> operations,
                     std::span<const std::chrono::nanoseconds> limits) {
  std::string text;
  for (const operation_statistics& each : statistics) {
    const auto found = std::ranges::find(operations, each.name, &operation_info::name);
    if (found == operations.end()) continue;
    const auto limit = limits[static_cast<std::size_t>(found - operations.begin())];
    if (limit.count() <= 0 || each.tokens == 0 || each.run_time.p99 <= limit) continue;
    text += "over budget: " + std::string(each.name) + " has " + report::duration_text(limit) + ", its p99 is " +
            report::duration_text(each.run_time.p99) + '\n';
  }
  return text;
}

}  // namespace tokengate::budgets
