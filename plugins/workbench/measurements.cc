#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include <tokengate/core/error.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/report/table.h>
#include <tokengate/plugins/workbench/measurements.h>

namespace tokengate::workbench {
namespace {

constexpr const char* predecessor_name = "Py-TokenGate";
constexpr const char* ratio_name = "times better";

std::uint64_t rounded(double value) { return static_cast<std::uint64_t>(std::llround(std::max(value, 0.0))); }

// Three digits that count, however small; whole numbers from a hundred on.
std::string digits(double value) {
  if (!std::isfinite(value)) return "-";
  if (value >= 99.95) return report::count_text(rounded(value));
  if (value <= 0) return "0";
  const int decimals = std::clamp(2 - static_cast<int>(std::floor(std::log10(value * 1.0005))), 1, 9);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string shown_cell(const cell& value, unit as) {
  if (const auto* const text = std::get_if<std::string>(&value)) return *text;
  if (const auto* const number = std::get_if<double>(&value)) return shown(*number, as);
  return "-";
}

std::vector<report::column> headings_of(const std::vector<measure>& columns) {
  std::vector<report::column> headings;
  for (const auto& each : columns)
    headings.push_back({each.heading, each.shown == unit::text ? report::align::left : report::align::right});
  return headings;
}

std::vector<std::string> shown_row(const std::vector<cell>& cells, const std::vector<measure>& columns) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < columns.size(); ++i) texts.push_back(shown_cell(cells[i], columns[i].shown));
  return texts;
}

std::string shown_figure(const comparison& beside, unit as) { return beside.theirs ? shown(*beside.theirs, as) : "-"; }

std::string shown_ratio(const comparison& beside) {
  const auto ratio = beside.ratio();
  return ratio ? digits(*ratio) : "-";
}

}  // namespace

std::optional<double> comparison::ratio() const noexcept {
  if (!theirs || ours <= 0) return std::nullopt;
  return theirs->direction == better::more ? ours / theirs->high : theirs->low / ours;
}

std::string shown(double value, unit as) {
  switch (as) {
    case unit::count:
      return report::count_text(rounded(value));
    case unit::per_second:
      return value < 99.95 ? digits(value) : report::count_text(rounded(value));
    case unit::bytes:
      return report::bytes_text(rounded(value));
    case unit::duration:
      return report::duration_text(std::chrono::nanoseconds(rounded(value * 1e9)));
    default:
      return digits(value);
  }
}

std::string shown(const figure& range, unit as) {
  if (range.low == range.high) return shown(range.low, as);
  return shown(range.low, as) + " to " + shown(range.high, as);
}

measurements::measurements(std::string workload, std::vector<measure> columns, std::optional<unit> compared)
    : workload_(std::move(workload)), columns_(std::move(columns)), compared_(compared) {}

void measurements::add_row(std::vector<cell> cells, comparison beside) {
  if (cells.size() != columns_.size()) throw misuse("measurements::add_row: give one cell for each column");
  rows_.push_back({std::move(cells), beside});
}

void measurements::list(std::string key, std::string title, std::vector<measure> columns,
                        std::vector<std::vector<cell>> rows, std::size_t shown) {
  for (const auto& each : rows)
    if (each.size() != columns.size()) throw misuse("measurements::list: give one cell for each column");
  std::erase_if(lists_, [&](const listing& one) { return one.key == key; });
  lists_.push_back({std::move(key), std::move(title), std::move(columns), std::move(rows), shown});
}

void measurements::summarise(std::string key, std::string label, unit as, comparison beside) {
  summary_.push_back({std::move(key), std::move(label), as, beside});
}

std::string measurements::text() const {
  if (rows_.empty()) return {};
  std::string text = main_table();
  if (!summary_.empty()) text.append("\n").append(summary_table());
  for (const auto& each : lists_) text.append("\n").append(list_table(each));
  if (!remarks_.empty()) text += '\n';
  for (const auto& sentence : remarks_) text.append(sentence).append("\n");
  return text;
}

std::string measurements::main_table() const {
  auto columns = headings_of(columns_);
  if (compared_) {
    columns.push_back({predecessor_name});
    columns.push_back({ratio_name});
  }
  report::table lines(std::move(columns));
  for (const auto& each : rows_) {
    auto cells = shown_row(each.cells, columns_);
    if (compared_) {
      cells.push_back(shown_figure(each.beside, *compared_));
      cells.push_back(shown_ratio(each.beside));
    }
    lines.add_row(std::move(cells));
  }
  return lines.text();
}

std::string measurements::summary_table() const {
  std::vector<report::column> columns{{"", report::align::left}, {"here"}};
  if (compared_) {
    columns.push_back({predecessor_name});
    columns.push_back({ratio_name});
  }
  report::table lines(std::move(columns));
  for (const auto& each : summary_) {
    std::vector<std::string> cells{each.label, shown(each.beside.ours, each.as)};
    if (compared_) {
      cells.push_back(shown_figure(each.beside, each.as));
      cells.push_back(shown_ratio(each.beside));
    }
    lines.add_row(std::move(cells));
  }
  return lines.text();
}

std::string measurements::list_table(const listing& given) {
  report::table lines(headings_of(given.columns));
  const std::size_t shown = std::min(given.shown, given.rows.size());
  for (std::size_t i = 0; i < shown; ++i) lines.add_row(shown_row(given.rows[i], given.columns));
  std::string text = given.title + '\n' + lines.text();
  if (shown < given.rows.size()) text += "... and " + report::count_text(given.rows.size() - shown) + " more\n";
  return text;
}

}  // namespace tokengate::workbench
