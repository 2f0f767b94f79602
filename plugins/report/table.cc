#include <algorithm>
#include <string_view>

#include <tokengate/core/error.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::report {
namespace {

constexpr std::size_t gap = 2;

void append_cell(std::string& line, std::string_view cell, std::size_t width, align side) {
  const std::size_t padding = width - cell.size();
  if (side == align::right) line.append(padding, ' ');
  line += cell;
  if (side == align::left) line.append(padding, ' ');
}

}  // namespace

table::table(std::vector<column> columns) : columns_(std::move(columns)) {}

void table::add_row(std::vector<std::string> cells) {
  if (cells.size() > columns_.size())
    throw misuse("table::add_row: more cells than columns; declare a column for each");
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].heading.size();
    for (const auto& row : rows_) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  std::string text;
  const auto append_line = [&](auto&& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line.append(gap, ' ');
      append_cell(line, cell_of(i), widths[i], columns_[i].side);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line).append("\n");
  };
  append_line([&](std::size_t i) -> std::string_view { return columns_[i].heading; });
  for (const auto& row : rows_) append_line([&](std::size_t i) -> std::string_view { return row[i]; });
  return text;
}

}  // namespace tokengate::report
