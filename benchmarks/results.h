// Runs the benchmark programs and reads what they measured.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tokengate::benchmarks {

/// Contender -> counter -> median.
using figures = std::map<std::string, std::map<std::string, double>, std::less<>>;

struct results {
  figures of;
  std::string cores;  ///< near or far, at that time
  std::vector<std::string> problems;
};

struct plan {
  int repetitions = 5;
  bool quick = false;
};

/// All contenders of a row in one process, their repetitions in random order, so that what else happens on the machine
/// happens to all of them. Throws std::runtime_error when the program fails.
[[nodiscard]] results run_together(const std::string& program, std::string_view row, const plan& how);

/// Each contender in processes of its own, one a repetition, in turn. Three of them at most: they take long.
[[nodiscard]] results run_apart(const std::string& program, std::string_view row, const plan& how);

}  // namespace tokengate::benchmarks
