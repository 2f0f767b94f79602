#include <array>
#include <string_view>

#include <tokengate/plugins/program/operations_text.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::program {
namespace {

constexpr std::array<std::string_view, 3> weights{"light", "medium", "heavy"};
constexpr std::array<std::string_view, 5> tiers{"-", "slow", "moderate", "fast", "insane"};
constexpr std::array<std::string_view, 2> domains{"bound", "preferred"};

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string calls_of(const operation_info& info) {
  std::string names;
  for (const auto name : info.calls) names.append(names.empty() ? "" : " ").append(name);
  return names;
}

}  // namespace

std::string operations_text(std::span<const operation_info* const> operations,
                            std::span<const std::chrono::nanoseconds> budgets) {
  using report::align;
  report::table rows({{"operation", align::left},
                      {"namespace", align::left},
                      {"weight", align::left},
                      {"storage", align::left},
                      {"lane", align::left},
                      {"anchor", align::left},
                      {"children", align::left},
                      {"budget"},
                      {"declared at", align::left},
                      {"calls", align::left}});
  for (std::size_t place = 0; place < operations.size(); ++place) {
    const operation_info* const info = operations[place];
    const attributes& tags = info->attributes;
    rows.add_row({std::string(info->name), info->scope().empty() ? "-" : std::string(info->scope()),
                  std::string(weights[static_cast<std::size_t>(tags.weight)]), std::string(tiers[tags.storage]),
                  info->lane.empty() ? "-" : std::string(info->lane), tags.anchored ? std::string(info->anchor) : "-",
                  tags.lead ? std::string(domains[static_cast<std::size_t>(tags.domain)]) : "-",
                  budgets[place].count() > 0 ? report::duration_text(budgets[place]) : "-",
                  std::string(file_name(info->file)) + ':' + std::to_string(info->line), calls_of(*info)});
  }
  return rows.text();
}

}  // namespace tokengate::program
