// Runs programs from tests: the tokengate under test, and the machine's own tools to compare it with.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace tokengate::test {

struct result {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out, err;
};

struct surroundings {
  std::string directory{};    ///< to run in; empty: where the test runs
  std::string input{};        ///< on standard input
  bool unprivileged = false;  ///< as nobody, if the test runs as root
};

/// Runs `tokengate arguments...` to its end.
result tokengate(const std::vector<std::string>& arguments, const surroundings& where = {});

/// Runs `sh -c script` with LC_ALL=C.
result shell(const std::string& script, const surroundings& where = {});

/// A tokengate that is running, its standard output and error on one descriptor: a pipe, or a terminal.
class running {
 public:
  enum class output : bool { pipe, terminal };
  running(const std::vector<std::string>& arguments, output where, const std::string& directory);
  ~running();
  running(const running&) = delete;
  running& operator=(const running&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Reads until the output contains `text`; false when it ends before.
  bool wait_for(const std::string& text);
  /// Waits until the process has computed for so long, or ended.
  void wait_for_work(std::chrono::milliseconds processor_time) const;
  void kill(int signal) const;
  /// Reads what is left and waits for the end. The output is in `out`.
  result finish();

 private:
  bool read_some();

  pid_t pid_ = -1;
  int reading_ = -1;
  std::string text_;
};

/// A new directory, removed with everything in it at the end.
class scratch {
 public:
  scratch();
  ~scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + '/' + name; }
  /// Makes a file and the directories above it.
  void write(const std::string& name, const std::string& content) const;
  [[nodiscard]] std::string read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace tokengate::test
