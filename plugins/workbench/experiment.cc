#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include <tokengate/plugins/program/usage.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/report/output.h>
#include <tokengate/plugins/workbench/experiment.h>

namespace tokengate::workbench {
namespace {

constexpr double shortest = 1e3, longest = 1000 * 3600e9;  // nanoseconds

std::optional<double> nanoseconds_in(std::string_view name) {
  for (const auto& [known, length] :
       {std::pair<std::string_view, double>{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}) {
    if (name == known) return length;
  }
  return std::nullopt;
}

void write_json(report::replaced_file& file, std::string text) {
  report::buffered_writer writer(file.descriptor(), file.path());
  writer.text() = std::move(text);
  writer.flush();
  file.commit();
}

}  // namespace

double seconds(clock::duration time) noexcept { return std::max(std::chrono::duration<double>(time).count(), 1e-9); }

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{}) return std::nullopt;
  const auto length = nanoseconds_in(text.substr(static_cast<std::size_t>(end - text.data())));
  if (!length || !(number * *length >= shortest) || !(number * *length <= longest)) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(number * *length));
}

CLI::Option* add_duration(CLI::App& command, std::string name, std::chrono::nanoseconds& value, std::string help) {
  const std::string usual = report::duration_text(value);
  const auto assign = [&value, name](const std::string& text) {
    const auto parsed = parse_duration(text);
    if (!parsed) {
      throw CLI::ValidationError(name, "'" + text + "' is no length of time: write 250ms, 30s, 5m or 1h");
    }
    value = *parsed;
  };
  return command.add_option_function<std::string>(name, assign, help + " (default " + usual + ")")->type_name("TIME");
}

CLI::Option* add_count(CLI::App& command, std::string name, std::uint64_t& value, std::uint64_t most,
                       std::string help) {
  return command.add_option(name, value, std::move(help))
      ->check([most](const std::string& text) {
        std::uint64_t number = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool good = problem == std::errc{} && end == text.data() + text.size() && number > 0 && number <= most;
        return good ? std::string() : "'" + text + "' is no number from 1 to " + report::count_text(most);
      })
      ->type_name("N");
}

CLI::Option* add_operations(CLI::App& command, bool& original, bool original_by_default) {
  original = original_by_default;
  const std::string usual = original_by_default ? "original" : "no-op";
  return command
      .add_option_function<std::string>(
          "--operations", [&original](const std::string& name) { original = name == "original"; },
          "original: prime sums, text, sorting and SHA-256 chains; no-op: nothing (default " + usual + ")")
      ->check([](const std::string& name) {
        return name == "original" || name == "no-op" ? "" : "there is no '" + name + "', choose no-op or original";
      })
      ->type_name("NAME");
}

void experiment::add_options(CLI::App& command) {
  declare_options(command);
  command.add_option("--json", json_path_, "Write the report to this file as well, as a whole or not at all")
      ->check([](const std::string& given) { return std::string(given.empty() ? "the name is empty" : ""); })
      ->type_name("FILE");
}

void experiment::check_options(std::vector<std::string> after_dashes) {
  if (!after_dashes.empty()) {
    throw program::usage_error("there is nothing to do with '" + after_dashes.front() + "'");
  }
  check_settings();
}

int experiment::run(const program::environment& around) {
  std::optional<report::replaced_file> file;
  if (!json_path_.empty()) file.emplace(json_path_);  // a wrong path is told before the work
  measurements found = blank();
  found.set("cores", static_cast<double>(around.cores));
  checker judge;
  measure(around, found, judge);
  around.messages.end_progress();
  const bool complete = around.interrupted() == 0;
  std::cout << found.text() << std::flush;
  if (file) write_json(*file, found.json(complete, judge.complaint()));
  if (!complete) around.messages.message("interrupted; what was done until then is reported");
  if (judge.passed()) return 0;
  around.messages.message(judge.complaint());
  return 1;
}

}  // namespace tokengate::workbench
