// Boost.JSON without a library to link: its code comes with this file.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <stdexcept>

#include <boost/json/src.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tokengate/benchmarks/results.h>

extern char** environ;

namespace tokengate::benchmarks {
namespace {

namespace json = boost::json;

/// Google Benchmark writes the variation of a counter that is always 0 as nan, which is no JSON.
std::string without_nan(const std::string& text) {
  static const std::regex nan(": *-?nan", std::regex::icase);
  return std::regex_replace(text, nan, ": null");
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A file of ours that goes with this object.
class scratch {
 public:
  scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "tokengate_bench_XXXXXX").string();
    const int file = ::mkstemp(name.data());
    if (file < 0) throw std::runtime_error("cannot make a temporary file");
    ::close(file);
    path = name;
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { ::unlink(path.c_str()); }
  std::string path;
};

/// The program's own words go to `said`.
void run(std::vector<std::string> words, const std::string& said) {
  std::vector<char*> arguments;
  for (auto& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, said.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  const int problem = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (problem != 0) throw std::runtime_error("cannot run " + words[0]);
  if (::waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(words[0] + " failed for " + words[1] + ": " + text_of(said));
}

/// Everything between the row and what Google Benchmark appends.
std::string contender_of(std::string_view benchmark, std::string_view row) {
  const auto rest = benchmark.substr(row.size() + 1);
  return std::string(rest.substr(0, rest.find('/')));
}

void read(const std::string& file, std::string_view row, results& into) {
  const json::value all = json::parse(without_nan(text_of(file)));
  into.cores = all.at("context").at("cores").as_string().c_str();
  for (const auto& each : all.at("benchmarks").as_array()) {
    const auto& entry = each.as_object();
    const std::string contender = contender_of(entry.at("run_name").as_string(), row);
    if (const auto* const failed = entry.if_contains("error_occurred"); failed != nullptr && failed->as_bool()) {
      into.problems.push_back(std::string(row) + '/' + contender + ": " +
                              entry.at("error_message").as_string().c_str());
      continue;
    }
    const auto* const aggregate = entry.if_contains("aggregate_name");
    if (aggregate != nullptr && aggregate->as_string() != "median") continue;
    for (const char* const counter : {"value", "p50", "p99", "memory", "fibers"})
      if (const auto* const figure = entry.if_contains(counter))
        into.of[contender][counter] = figure->to_number<double>();
  }
}

std::vector<std::string> command(const std::string& program, const std::string& filter, const plan& how) {
  std::vector<std::string> words{program, "--benchmark_filter=" + filter};
  if (how.quick) words.emplace_back("--quick");
  return words;
}

}  // namespace

results run_together(const std::string& program, std::string_view row, const plan& how) {
  const scratch file, said;
  auto words = command(program, '^' + std::string(row) + '/', how);
  words.push_back("--benchmark_out=" + file.path);
  words.emplace_back("--benchmark_out_format=json");
  words.emplace_back("--benchmark_enable_random_interleaving=true");
  if (!how.quick) words.push_back("--benchmark_repetitions=" + std::to_string(how.repetitions));
  run(words, said.path);
  results all;
  read(file.path, row, all);
  return all;
}

results run_apart(const std::string& program, std::string_view row, const plan& how) {
  const scratch file, said;
  auto list = command(program, '^' + std::string(row) + '/', how);
  list.emplace_back("--benchmark_list_tests=true");
  run(list, said.path);
  std::vector<std::string> contenders;
  std::istringstream lines(text_of(said.path));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(std::string(row) + '/')) contenders.push_back(contender_of(line, row));

  results all;
  std::map<std::string, std::map<std::string, std::vector<double>>> measured;
  for (int i = 0; i < (how.quick ? 1 : std::min(how.repetitions, 3)); ++i) {
    for (const auto& contender : contenders) {
      auto words = command(program, '^' + std::string(row) + '/' + contender + '/', how);
      words.push_back("--benchmark_out=" + file.path);
      words.emplace_back("--benchmark_out_format=json");
      words.emplace_back("--benchmark_repetitions=1");
      run(words, said.path);
      results one;
      read(file.path, row, one);
      all.cores = one.cores;
      all.problems.insert(all.problems.end(), one.problems.begin(), one.problems.end());
      for (const auto& [counter, figure] : one.of[contender]) measured[contender][counter].push_back(figure);
    }
  }
  for (auto& [contender, counters] : measured) {
    for (auto& [counter, of_all] : counters) {
      std::sort(of_all.begin(), of_all.end());
      all.of[contender][counter] = of_all[of_all.size() / 2];
    }
  }
  return all;
}

}  // namespace tokengate::benchmarks
