#include <algorithm>
#include <cctype>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <tokengate/core/operation_table.h>
#include <tokengate/core/registry_export.h>
#include <tokengate/core/topology.h>
#include <tokengate/lanes/coordinator.h>
#include <tokengate/plugins/budgets/overruns.h>
#include <tokengate/plugins/history/history.h>
#include <tokengate/plugins/program/application.h>
#include <tokengate/plugins/program/interrupt.h>
#include <tokengate/plugins/program/operations_text.h>
#include <tokengate/plugins/program/program.h>
#include <tokengate/plugins/program/usage.h>
#include <tokengate/plugins/program/version.h>
#include <tokengate/plugins/report/statistics.h>

namespace tokengate::program {
namespace {

constexpr int failure = 1;
constexpr int wrong_usage = 2;
constexpr unsigned most_cores = 1024;

constexpr const char* more_help = R"(Examples:
  tokengate run treehash . --output SHA256SUMS    hash all files here, on all cores
  tokengate run treehash --check SHA256SUMS       verify them later
  tokengate operations --graph                    draw who calls whom

Exit codes: 0 success, 1 failure, 2 wrong usage, 130 and 143 after Ctrl-C and SIGTERM.
Every command explains itself with --help.)";

struct settings {
  unsigned cores = 0;
  bool with_statistics = false;
  bool without_statistics = false;
  std::string history;  // folder; empty: not wanted
  bool json = false;
  bool graph = false;
  bool lanes = false;
  std::vector<std::string> after_dashes;  // CLI11 takes only the first of them for what it is
  std::vector<std::pair<std::unique_ptr<workload>, const CLI::App*>> jobs;
};

// The deepest command that was named, as the user would type it.
std::string named_command(const CLI::App& app) {
  std::string name = app.get_name();
  const auto deeper = app.get_subcommands();
  return deeper.empty() ? name : name + ' ' + named_command(*deeper.front());
}

int refuse(report::console& messages, const CLI::App& app, std::string sentence) {
  if (!sentence.empty())
    sentence.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence.front())));
  while (sentence.ends_with('\n') || sentence.ends_with('.')) sentence.pop_back();
  messages.message(sentence + " (see '" + named_command(app) + " --help')");
  return wrong_usage;
}

int run_job(workload& job, const settings& wanted, report::console& messages) {
  const bool statistics = wanted.with_statistics || (messages.interactive() && !wanted.without_statistics);
  options chosen;
  chosen.cores = wanted.cores;
  if (statistics || !wanted.history.empty()) chosen.timing = timing::exact;
  coordinator system(chosen);
  catch_interrupts();
  system.start();
  const int code = job.run({messages, caught_interrupt, system.cores(), statistics, system});
  if (const int signal = caught_interrupt(); signal != 0) {
    // Tokens may still wait for slow storage. Nothing they do is of use any more, and nothing is half-written.
    messages.end_progress();
    std::_Exit(128 + signal);
  }
  if (statistics) {
    const auto rows = system.statistics();
    messages.block(report::statistics_table(rows));
    messages.block(budgets::overruns(rows, operations(), operation_budgets()));
  }
  if (!wanted.history.empty()) messages.message("wrote " + history::dump(system, wanted.history));
  return code;
}

int show_operations(const settings& wanted) {
  if (wanted.json) {
    std::cout << to_json(operations(), lane_names());
  } else if (wanted.graph) {
    std::cout << to_mermaid(operations());
  } else if (wanted.lanes) {
    std::cout << lanes_to_mermaid(operations(), lane_names());
  } else {
    std::cout << operations_text(operations(), operation_budgets());
  }
  return 0;
}

void declare(CLI::App& app, settings& wanted) {
  app.set_version_flag("--version", std::string("tokengate ") + version, "Print the version");
  app.require_subcommand(0, 1);
  app.footer(more_help);

  CLI::App* const run = app.add_subcommand("run", "Do a job, with tokens on all cores");
  run->require_subcommand(0, 1);
  for (const auto& entry : workloads()) {
    CLI::App* const command = run->add_subcommand(entry.name, entry.summary);
    auto job = entry.make();
    job->add_options(*command);
    command->add_option("--cores", wanted.cores, "Use so many cores (default: all that this process may use)")
        ->check(CLI::Range(1u, most_cores))
        ->type_name("N");
    command->add_flag("--stats", wanted.with_statistics,
                      "Show afterwards how the operations did (default on a terminal)");
    command->add_flag("--no-stats", wanted.without_statistics, "Do not");
    command->add_option("--history", wanted.history, "Write the last tokens that ran to a JSON file there afterwards")
        ->check(CLI::ExistingDirectory)
        ->type_name("FOLDER");
    wanted.jobs.emplace_back(std::move(job), command);
  }

  CLI::App* const registry = app.add_subcommand("operations", "List the operations this program is made of");
  CLI::Option* const json = registry->add_flag("--json", wanted.json, "As JSON");
  CLI::Option* const graph =
      registry->add_flag("--graph", wanted.graph, "As a Mermaid flow chart of who calls whom")->excludes(json);
  registry->add_flag("--lanes", wanted.lanes, "As a Mermaid flow chart of which lane serves what")
      ->excludes(json)
      ->excludes(graph);

  app.add_subcommand("topology", "Show the cores this process may use");
}

int obey(const CLI::App& app, settings& wanted, report::console& messages) {
  for (auto& [job, command] : wanted.jobs) {
    if (!command->parsed()) continue;
    job->check_options(std::move(wanted.after_dashes));
    return run_job(*job, wanted, messages);
  }
  if (!wanted.after_dashes.empty()) {
    throw usage_error("there is nothing to do with '" + wanted.after_dashes.front() + "'");
  }
  if (app.got_subcommand("operations")) return show_operations(wanted);
  if (app.got_subcommand("topology")) {
    std::cout << topology::detect();
    return 0;
  }
  if (!app.got_subcommand("run")) throw usage_error("say what to do: run, operations or topology");
  std::string names;
  for (const auto& entry : workloads()) names.append(names.empty() ? "" : ", ").append(entry.name);
  throw usage_error("say which job to run: " + names);
}

int run_checked(int argument_count, const char* const* arguments, report::console& messages) {
  CLI::App app("Runs operations as tokens on all cores, and real work on your files with them.", "tokengate");
  settings wanted;
  declare(app, wanted);
  const auto end = arguments + argument_count;
  const auto dashes = std::find(arguments, end, std::string_view("--"));
  if (dashes != end) wanted.after_dashes.assign(dashes + 1, end);
  try {
    app.parse(static_cast<int>(dashes - arguments), arguments);
    const int code = obey(app, wanted, messages);
    std::cout.flush();
    if (std::cout) return code;
    messages.message("cannot write standard output");
    return failure;
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& mistake) {
    return refuse(messages, app, mistake.what());
  } catch (const usage_error& mistake) {
    return refuse(messages, app, mistake.what());
  }
}

}  // namespace

int run(int argument_count, const char* const* arguments) {
  report::console messages(STDERR_FILENO);
  try {
    return run_checked(argument_count, arguments, messages);
  } catch (const std::bad_alloc&) {
    messages.message("out of memory");
  } catch (const std::exception& problem) {
    messages.message(problem.what());
  }
  return failure;
}

}  // namespace tokengate::program
