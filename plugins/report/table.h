// Plain text tables.
#pragma once

#include <string>
#include <vector>

namespace tokengate::report {

enum class align : unsigned char { left, right };

struct column {
  std::string heading;
  align side = align::right;
};

/// Rows of text under headings; columns are as wide as their longest cell. ASCII only.
class table {
 public:
  explicit table(std::vector<column> columns);

  /// Missing cells are empty; a row must not have more cells than there are columns (throws tokengate::misuse).
  void add_row(std::vector<std::string> cells);

  /// All lines, each ended by a newline, without trailing blanks.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tokengate::report
