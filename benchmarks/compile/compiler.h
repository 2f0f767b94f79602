// Runs a compiler and says what it took.
#pragma once

#include <string>
#include <vector>

namespace tokengate::benchmarks {

struct cost {
  double milliseconds = 0;  ///< processor time in user mode, of the compiler and whatever it starts
  double megabytes = 0;     ///< resident memory of the largest of these processes at its peak
};

/// A folder for sources, deleted with this object, where <tokengate/...> is the tree at `tree`.
class workshop {
 public:
  /// Throws std::system_error or std::runtime_error when the folder cannot be made.
  explicit workshop(const std::string& tree);
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;
  ~workshop();

  /// Compiles the text to an object file. Throws std::runtime_error, with what the compiler said, if it does not.
  cost compile(const std::string& compiler, const std::string& optimisation, const std::string& text) const;

 private:
  std::string folder_;
};

/// The middle of each of them.
cost median(std::vector<cost> runs);

/// The first line of `compiler --version`; empty if there is no such compiler.
std::string version_of(const std::string& compiler);

}  // namespace tokengate::benchmarks
