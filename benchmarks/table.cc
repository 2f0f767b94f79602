// All speed benchmarks as one table: ./bazelw run //benchmarks:table [-- --rows REGEX --markdown --quick]
#include <iostream>
#include <optional>
#include <regex>
#include <sstream>

#include <CLI/CLI.hpp>

#include <tokengate/benchmarks/core_distance.h>
#include <tokengate/benchmarks/results.h>
#include <tokengate/benchmarks/rows.h>
#include <tokengate/plugins/report/table.h>

namespace tokengate::benchmarks {
namespace {

constexpr std::string_view ours = "tokengate";

std::string number(double value) {
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(value < 10 ? 2 : value < 100 ? 1 : 0);
  text << value;
  return text.str();
}

/// A line of the table.
struct line {
  const row* what = nullptr;
  std::optional<double> figure;
  std::map<std::string, double> rivals;
  std::optional<double> reference;  // of what->relative_to
  bool far = false;
  bool meaningless = false;

  [[nodiscard]] std::optional<std::pair<std::string, double>> best() const {
    const auto least = std::min_element(rivals.begin(), rivals.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    if (least == rivals.end()) return std::nullopt;
    return *least;
  }
  [[nodiscard]] std::string want() const {
    if (what->want == 0) return "";
    if (!what->relative_to.empty()) return "<= " + number(what->want) + " x that of 1,000";
    std::string text = "<= " + number(what->want);
    if (what->more == also::or_near_best) text += " or " + number(what->share) + " x best";
    if (what->more == also::and_below_rival) text += " and " + number(what->share) + " x best";
    return text;
  }
  [[nodiscard]] std::string reached() const {
    if (what->want == 0 || !figure || meaningless) return "";
    if (!what->relative_to.empty()) {
      if (!reference) return "";
      return *figure <= what->want * *reference ? "yes" : "no: " + number(*figure / *reference) + " x";
    }
    bool good = *figure <= what->want;
    if (const auto rival = best()) {
      const bool by_share = *figure <= what->share * rival->second;
      if (what->more == also::or_near_best) good = good || by_share;
      if (what->more == also::and_below_rival) good = good && by_share;
    }
    return good ? "yes" : "no";
  }
};

std::vector<std::string> cells_of(const line& each) {
  std::vector<std::string> cells{std::string(each.what->work), std::string(each.what->unit),
                                 each.figure ? number(*each.figure) : "-"};
  std::string rivals;
  for (const auto& [name, figure] : each.rivals) rivals += (rivals.empty() ? "" : ", ") + name + ' ' + number(figure);
  cells.push_back(rivals);
  const auto best = each.best();
  cells.push_back(best && each.figure && best->second > 0 ? number(*each.figure / best->second) : "");
  cells.push_back(each.want());
  cells.push_back(each.reached() + (each.far ? " (far)" : ""));
  return cells;
}

const std::vector<std::string> headings{"work", "unit", "tokengate", "rivals", "x best", "want", "reached"};

std::string plain(const std::vector<line>& lines) {
  report::table table({{headings[0], report::align::left},
                       {headings[1], report::align::left},
                       {headings[2]},
                       {headings[3], report::align::left},
                       {headings[4]},
                       {headings[5], report::align::left},
                       {headings[6], report::align::left}});
  for (const auto& each : lines) table.add_row(cells_of(each));
  return table.text();
}

std::string markdown(const std::vector<line>& lines) {
  std::string text;
  for (const auto& each : headings) text += "| " + each + ' ';
  text += "|\n|---|---|---:|---|---:|---|---|\n";
  for (const auto& each : lines) {
    for (const auto& cell : cells_of(each)) text += "| " + cell + ' ';
    text += "|\n";
  }
  return text;
}

/// Our figure in another row, measured in this run.
std::optional<double> figure_of(const std::vector<line>& lines, std::string_view name) {
  for (const auto& each : lines)
    if (each.what->name == name) return each.figure;
  return std::nullopt;
}

int run(int count, char** arguments) {
  CLI::App app("Measures TokenGate beside its rivals, and says what was to be reached.");
  std::string tokens, fibers, pattern = ".*";
  bool as_markdown = false;
  plan how;
  app.add_option("tokens_bench", tokens, "The program with the rows about tokens")->required();
  app.add_option("fibers_bench", fibers, "The program with the rows about fibers")->required();
  app.add_option("--rows", pattern, "Only rows whose name matches this regular expression somewhere");
  app.add_option("--repetitions", how.repetitions, "Medians of so many")->check(CLI::PositiveNumber);
  app.add_flag("--markdown", as_markdown, "The table as docs/performance.md shows it");
  app.add_flag("--quick", how.quick, "Runs everything once, with few items: the figures mean nothing");
  CLI11_PARSE(app, count, arguments);

  const std::regex chosen(pattern);
  std::vector<line> lines;
  std::vector<std::string> problems;
  std::cerr << describe_core_distance() << std::endl;
  std::string measured_row;
  results measured;
  for (const row& each : all_rows()) {
    const std::string name(each.name);
    if (!std::regex_search(name, chosen)) continue;
    if (measured_row != name) {
      const std::string& program = each.where == program::tokens ? tokens : fibers;
      std::cerr << name << " ..." << std::flush;
      try {
        measured = each.own_process ? run_apart(program, name, how) : run_together(program, name, how);
      } catch (const std::exception& problem) {
        measured = {{}, "", {problem.what()}};
      }
      std::cerr << ' ' << measured.cores << std::endl;
      measured_row = name;
      problems.insert(problems.end(), measured.problems.begin(), measured.problems.end());
    }
    line next;
    next.what = &each;
    next.reference = figure_of(lines, each.relative_to);
    next.meaningless = how.quick;
    next.far = measured.cores.starts_with("far");
    for (const auto& [contender, counters] : measured.of) {
      const auto figure = counters.find(std::string(each.counter));
      if (figure == counters.end()) continue;
      if (contender == ours)
        next.figure = figure->second;
      else
        next.rivals.emplace(contender, figure->second);
    }
    lines.push_back(std::move(next));
  }
  std::cout << (as_markdown ? markdown(lines) : plain(lines));
  std::cout << "\n"
            << describe_core_distance() << " at the end; medians of " << (how.quick ? 1 : how.repetitions) << "\n";
  for (const auto& each : problems) std::cerr << "failed: " << each << '\n';
  return problems.empty() ? 0 : 1;
}

}  // namespace
}  // namespace tokengate::benchmarks

int main(int count, char** arguments) {
  try {
    return tokengate::benchmarks::run(count, arguments);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
}
