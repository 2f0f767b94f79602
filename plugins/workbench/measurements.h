// What a run measured: one table for people, the same as JSON for programs, each beside the predecessor's figures.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tokengate::workbench {

/// How a number is shown to people. JSON has it as it is, counts and bytes as integers.
enum class unit : unsigned char { text, count, seconds, milliseconds, per_second, times, bytes, duration };

enum class better : unsigned char { more, less };

/// A range that the predecessor reached; comparisons take its better end.
struct figure {
  double low, high;
  better direction = better::more;
};

/// Our number beside the predecessor's, if there is one for just this.
struct comparison {
  double ours = 0;
  std::optional<figure> theirs{};

  /// How many times better ours is than the better end of theirs; nothing without a figure or for a zero.
  [[nodiscard]] std::optional<double> ratio() const noexcept;
};

/// A number, a text, or nothing.
using cell = std::variant<std::monostate, double, std::string>;

struct measure {
  const char* key;  ///< in JSON
  const char* heading;
  unit shown;
};

/// Text as people read it: "4,548", "0.0000523", "1.50 MB", "12.3 us".
[[nodiscard]] std::string shown(double value, unit as);
[[nodiscard]] std::string shown(const figure& range, unit as);

/// Not thread-safe.
class measurements {
 public:
  /// `compared` is the unit of the predecessor's figures in the rows; nothing where it has none: then the tables have
  /// no columns for them.
  measurements(std::string workload, std::vector<measure> columns, std::optional<unit> compared);

  /// A setting of the run, or another fact about it; for JSON alone.
  void set(std::string key, cell value) { settings_.emplace_back(std::move(key), std::move(value)); }

  /// A line of the table: as many cells as there are columns, and what is compared.
  void add_row(std::vector<cell> cells, comparison beside = {});

  /// A table of its own, below the others under `title`: its first `shown` rows, and all of them in JSON under `key`.
  /// Each row has as many cells as there are columns. Replaces one of the same key.
  void list(std::string key, std::string title, std::vector<measure> columns, std::vector<std::vector<cell>> rows,
            std::size_t shown);

  /// A line of the summary below the table.
  void summarise(std::string key, std::string label, unit as, comparison beside);

  /// A remark below everything; not in JSON.
  void remark(std::string sentence) { remarks_.push_back(std::move(sentence)); }

  /// The tables, each line ended by a newline. Empty without rows.
  [[nodiscard]] std::string text() const;

  /// One object and a newline. `complete`: not interrupted; `complaint`: empty if all results were right.
  [[nodiscard]] std::string json(bool complete, const std::string& complaint) const;

 private:
  struct row {
    std::vector<cell> cells;
    comparison beside;
  };
  struct fact {
    std::string key, label;
    unit as;
    comparison beside;
  };

  struct listing {
    std::string key, title;
    std::vector<measure> columns;
    std::vector<std::vector<cell>> rows;
    std::size_t shown;
  };

  [[nodiscard]] std::string main_table() const;
  [[nodiscard]] std::string summary_table() const;
  [[nodiscard]] static std::string list_table(const listing& given);

  std::string workload_;
  std::vector<measure> columns_;
  std::optional<unit> compared_;
  std::vector<std::pair<std::string, cell>> settings_;
  std::vector<row> rows_;
  std::vector<fact> summary_;
  std::vector<listing> lists_;
  std::vector<std::string> remarks_;
};

}  // namespace tokengate::workbench
