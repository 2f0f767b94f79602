#include <string_view>

#include <tokengate/core/export_words.h>
#include <tokengate/plugins/program/operations_text.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::program {
namespace {

using detail::word_for;

std::string shown(std::string_view text) { return std::string(text.empty() ? "-" : text); }

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
    rows.add_row({std::string(info->name), shown(info->scope()), shown(word_for(detail::weight_words, tags.weight)),
                  shown(word_for(detail::storage_words, tags.storage)), shown(info->lane), shown(info->anchor),
                  shown(tags.lead ? word_for(detail::domain_words, tags.domain) : ""),
                  budgets[place].count() > 0 ? report::duration_text(budgets[place]) : "-",
                  std::string(file_name(info->file)) + ':' + std::to_string(info->line), calls_of(*info)});
  }
  return rows.text();
}

}  // namespace tokengate::program
