// What the workloads that measure have in common: options, report, verdict.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tokengate/plugins/program/workload.h>
#include <tokengate/plugins/workbench/checker.h>
#include <tokengate/plugins/workbench/measurements.h>

namespace CLI {
class Option;
}

namespace tokengate::workbench {

using clock = std::chrono::steady_clock;

/// Seconds as a number; at least a nanosecond, so that it may be divided by.
[[nodiscard]] double seconds(clock::duration time) noexcept;

/// "90s", "1.5m", "250ms"; from 1 us to 1,000 h. Nothing if it is no length of time.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Declares an option that takes a length of time; its default shows in the help.
CLI::Option* add_duration(CLI::App& command, std::string name, std::chrono::nanoseconds& value, std::string help);

/// A whole number from 1 to `most`.
CLI::Option* add_count(CLI::App& command, std::string name, std::uint64_t& value, std::uint64_t most, std::string help);

/// no-op or original: whether tokens do real work.
CLI::Option* add_operations(CLI::App& command, bool& original, bool original_by_default);

/// A workload that measures something. Prints its tables on standard output, writes them to --json, and fails when a
/// result was wrong; after an interrupt it reports what was measured until then.
class experiment : public program::workload {
 public:
  void add_options(CLI::App& command) final;
  void check_options(std::vector<std::string> after_dashes) final;
  int run(const program::environment& around) final;

 protected:
  virtual void declare_options(CLI::App& command) = 0;
  /// Throws usage_error for what the declarations cannot express.
  virtual void check_settings() {}
  [[nodiscard]] virtual measurements blank() const = 0;
  /// Returns soon after an interrupt, with complete rows alone. Tokens may refer to members of the workload.
  virtual void measure(const program::environment& around, measurements& found, checker& judge) = 0;

 private:
  std::string json_path_;
};

}  // namespace tokengate::workbench
