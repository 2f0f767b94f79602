// What operations cost to compile: ./bazelw run //benchmarks:compile_time [-- --runs 9 --markdown]
//
// For each compiler and optimisation: units of 10, 100 and 300 operations beside units of as many plain functions with
// the same bodies, each with the umbrella header. Times are processor time in user mode, medians of several runs that
// take turns, so that what else the machine does falls on all alike.
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <CLI/CLI.hpp>

#include <tokengate/benchmarks/compile/compiler.h>
#include <tokengate/benchmarks/compile/source.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::benchmarks {
namespace {

constexpr unsigned most_called = 100;  // units with more calls take long, and what one call costs is known by then

constexpr bool is_called(unit kind) { return kind == unit::called_functions || kind == unit::called_operations; }

using table_rows = std::vector<std::vector<std::string>>;

struct settings {
  std::vector<std::string> compilers{"g++", "clang++-16"};
  std::vector<std::string> optimisations{"-O0", "-O2"};
  std::vector<unsigned> counts{10, 100, 300};
  unsigned runs = 5;
  bool markdown = false;
  std::string tree;
};

std::string number(double value, int decimals = 0) {
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(decimals);
  text << value;
  return text.str();
}

/// Everything that one compiler compiles with one optimisation.
class measured {
 public:
  measured(const workshop& place, const settings& wanted, std::string compiler, std::string optimisation)
      : place_(place), compiler_(std::move(compiler)), optimisation_(std::move(optimisation)), wanted_(wanted) {
    std::map<std::pair<unit, unsigned>, std::vector<cost>> runs;
    std::vector<cost> umbrella;
    for (unsigned run = 0; run < wanted.runs; ++run) {
      umbrella.push_back(compile(umbrella_source()));
      for (const unsigned count : wanted.counts)
        for (const unit kind : {unit::functions, unit::operations, unit::called_functions, unit::called_operations})
          if (count <= most_called || !is_called(kind)) runs[{kind, count}].push_back(compile(source(kind, count)));
    }
    umbrella_ = median(umbrella);
    for (const auto& [what, costs] : runs) costs_[what] = median(costs);
  }

  void add_rows(table_rows& rows) const {
    for (const unsigned count : wanted_.counts) {
      const cost& plain = costs_.at({unit::functions, count});
      const cost& ours = costs_.at({unit::operations, count});
      rows.push_back({compiler_, optimisation_, std::to_string(count), number(plain.milliseconds),
                      number(ours.milliseconds), number(each(count, unit::functions, unit::operations), 1),
                      count <= most_called ? number(of_a_call(count), 1) : "", number(plain.megabytes),
                      number(ours.megabytes)});
    }
  }

  /// How much more than the share of operations that the last count has over the one before it takes: 1 is linear.
  [[nodiscard]] std::string summary() const {
    std::string text = compiler_ + ' ' + optimisation_ + ": umbrella header alone " +
                       number(umbrella_.milliseconds / 1e3, 2) + " s, " + number(umbrella_.megabytes) + " MB";
    for (std::size_t i = 1; i < wanted_.counts.size(); ++i) {
      const auto extra = [this](unsigned count) { return each(count, unit::functions, unit::operations) * count; };
      const unsigned before = wanted_.counts[i - 1], count = wanted_.counts[i];
      text += "; " + std::to_string(count) + " operations take " + number(extra(count) / extra(before), 1) +
              " times what " + std::to_string(before) + " take";
    }
    return text;
  }

 private:
  cost compile(const std::string& text) const { return place_.compile(compiler_, optimisation_, text); }
  [[nodiscard]] double each(unsigned count, unit plain, unit ours) const {
    return (costs_.at({ours, count}).milliseconds - costs_.at({plain, count}).milliseconds) / count;
  }

  [[nodiscard]] double of_a_call(unsigned count) const {
    return each(count, unit::called_functions, unit::called_operations) -
           each(count, unit::functions, unit::operations);
  }

  const workshop& place_;
  const std::string compiler_, optimisation_;
  const settings& wanted_;
  cost umbrella_;
  std::map<std::pair<unit, unsigned>, cost> costs_;
};

const std::vector<report::column> columns{{"compiler", report::align::left},
                                          {"", report::align::left},
                                          {"operations"},
                                          {"functions ms"},
                                          {"operations ms"},
                                          {"ms each"},
                                          {"and per call"},
                                          {"functions MB"},
                                          {"operations MB"}};

void print(const table_rows& rows, bool markdown) {
  if (!markdown) {
    report::table table(columns);
    for (const auto& row : rows) table.add_row(row);
    std::cout << table.text();
    return;
  }
  for (const auto& each : columns) std::cout << "| " << each.heading << ' ';
  std::cout << "|\n";
  for (const auto& each : columns) std::cout << (each.side == report::align::left ? "|---" : "|---:");
  std::cout << "|\n";
  for (const auto& row : rows) {
    for (const std::string& cell : row) std::cout << "| " << cell << ' ';
    std::cout << "|\n";
  }
}

void measure(const settings& wanted) {
  const workshop place(wanted.tree);
  table_rows rows;
  std::string summaries;
  for (const std::string& compiler : wanted.compilers) {
    const std::string version = version_of(compiler);
    if (version.empty()) {
      std::cout << "there is no " << compiler << " here\n";
      continue;
    }
    std::cout << version << ", medians of " << wanted.runs << " runs\n" << std::flush;
    for (const std::string& optimisation : wanted.optimisations) {
      const measured all(place, wanted, compiler, optimisation);
      all.add_rows(rows);
      summaries += (wanted.markdown ? "- " : "") + all.summary() + '\n';
    }
  }
  std::cout << '\n';
  print(rows, wanted.markdown);
  std::cout << '\n' << summaries;
}

}  // namespace
}  // namespace tokengate::benchmarks

int main(int argument_count, char** arguments) {
  tokengate::benchmarks::settings wanted;
  if (const char* const tree = std::getenv("BUILD_WORKSPACE_DIRECTORY")) wanted.tree = tree;
  CLI::App app("Measures how long operations take to compile, and how much memory.");
  app.add_option("--runs", wanted.runs, "Compile everything so often and take the middle")->check(CLI::Range(1, 99));
  app.add_option("--operations", wanted.counts, "Units of so many operations")->check(CLI::Range(1, 10000));
  app.add_option("--compilers", wanted.compilers, "Commands to compile with");
  app.add_option("--options", wanted.optimisations, "Options to compile with, one at a time");
  app.add_option("--tree", wanted.tree, "Where tokengate.h is (default: where `bazelw run` is called)");
  app.add_flag("--markdown", wanted.markdown, "Print the table in Markdown");
  CLI11_PARSE(app, argument_count, arguments);
  try {
    tokengate::benchmarks::measure(wanted);
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << "compile_time: " << problem.what() << '\n';
    return 1;
  }
}
