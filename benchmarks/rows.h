// The rows of the table: what is measured, and what TokenGate is to reach.
#pragma once

#include <span>
#include <string_view>

namespace tokengate::benchmarks {

enum class program : unsigned char { tokens, fibers };

/// What counts as reached, besides figures at or below `want`.
enum class also : unsigned char {
  nothing,
  or_near_best,     ///< ... or within `share` of the best rival
  and_below_rival,  ///< ... and at most `share` of the best rival
};

struct row {
  std::string_view name;     ///< of the benchmarks: <name>/<contender>
  std::string_view counter;  ///< of theirs, which holds the figure
  std::string_view work;     ///< in words
  std::string_view unit;
  double want = 0;  ///< at most so many units; 0: the row has no goal of its own
  program where = program::tokens;
  also more = also::nothing;
  double share = 0;
  std::string_view relative_to{};  ///< another row: `want` is a multiple of our figure there
  bool own_process = false;        ///< each contender in a process of its own, because memory is measured
};

/// In the order of the table; rows of one name and different counters stand together.
[[nodiscard]] std::span<const row> all_rows() noexcept;

}  // namespace tokengate::benchmarks
