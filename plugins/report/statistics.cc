#include <algorithm>
#include <vector>

#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/report/statistics.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::report {
namespace {

constexpr std::size_t most_shares_shown = 8;

std::string percent(std::uint64_t part, std::uint64_t whole) { return std::to_string((200 * part / whole + 1) / 2); }

// "52/48", or for many cores the least and the greatest share.
std::string shares(const operation_statistics& operation) {
  const auto& cores = operation.tokens_per_core;
  if (cores.size() > most_shares_shown) {
    const auto [least, most] = std::minmax_element(cores.begin(), cores.end());
    return percent(*least, operation.tokens) + " to " + percent(*most, operation.tokens);
  }
  std::string text;
  for (const auto tokens : cores) {
    if (!text.empty()) text += '/';
    text += percent(tokens, operation.tokens);
  }
  return text;
}

void append(std::vector<std::string>& cells, const latency& times) {
  for (const auto time : {times.p50, times.p99, times.max}) cells.push_back(duration_text(time));
}

}  // namespace

std::string statistics_table(std::span<const operation_statistics> operations) {
  table rows({{"operation", align::left},
              {"tokens"},
              {"failed"},
              {"queued p50"},
              {"p99"},
              {"max"},
              {"ran p50"},
              {"p99"},
              {"max"},
              {"storage waits"},
              {"% of each core"}});
  bool any = false;
  for (const auto& operation : operations) {
    if (operation.tokens == 0) continue;
    any = true;
    std::vector<std::string> cells{std::string(operation.name), count_text(operation.tokens),
                                   count_text(operation.failures)};
    append(cells, operation.queue_wait);
    append(cells, operation.run_time);
    cells.push_back(count_text(operation.storage_waits));
    cells.push_back(shares(operation));
    rows.add_row(std::move(cells));
  }
  return any ? rows.text() : std::string();
}

}  // namespace tokengate::report
