// What a job of the program looks like to the program. To add one: a folder plugins/<name> and a line in the list of
// plugins/program/BUILD.bazel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tokengate/plugins/report/console.h>

namespace CLI {
class App;
}

namespace tokengate {
class coordinator;
}

namespace tokengate::program {

/// What a workload finds when it runs. A coordinator is running.
struct environment {
  report::console& messages;
  int (*interrupted)() noexcept;  ///< 0, or the signal that asks to stop: return soon then
  unsigned cores;                 ///< that the coordinator runs
  bool statistics;                ///< the user will see how the operations did: say how the job did, too
  const coordinator& system;      ///< that one, to look at
};

/// One job of `tokengate run`. The program calls, in this order, add_options(), check_options() and run(), each once
/// and from its main thread. The object lives until the coordinator has stopped, or until the process ends after an
/// interrupt: tokens may refer to its members.
class workload {
 public:
  virtual ~workload() = default;

  /// Declares options, positional arguments and help of `tokengate run <name>`; the values go to members.
  virtual void add_options(CLI::App& command) = 0;
  /// Takes the arguments that stood after `--`, which are no options whatever they look like, and throws usage_error
  /// (usage.h) for what the declarations cannot express.
  virtual void check_options(std::vector<std::string> after_dashes) = 0;
  /// Does the job and returns the exit code of the program. After an interrupt the code is the program's business, and
  /// tokens may still be running when this returns.
  virtual int run(const environment& around) = 0;
};

/// An entry of the program's list.
struct workload_entry {
  const char* name;
  const char* summary;  ///< one sentence for the help
  std::unique_ptr<workload> (*make)();
};

}  // namespace tokengate::program
