#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <tokengate/benchmarks/compile/compiler.h>

namespace tokengate::benchmarks {
namespace {

namespace fs = std::filesystem;

// In a build the lane set makes it; the sources name one of these lanes.
constexpr const char* linked_lanes = R"(#pragma once
#include <array>
#include <string_view>
namespace tokengate::detail {
template <class>
struct linked_lanes {
  static constexpr std::array<std::string_view, 3> names{"balanced", "priority", "staggered"};
};
}  // namespace tokengate::detail
)";

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs the command with its output in a file; returns its exit code and, by `used`, what it took.
int run(const std::vector<std::string>& command, const std::string& output, rusage& used) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT: exec's type
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), command.front());
  int status = 0;
  while (::wait4(child, &status, 0, &used) < 0)
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "wait4");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

workshop::workshop(const std::string& tree) {
  std::string name = (fs::temp_directory_path() / "tokengate_compile_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  folder_ = name;
  fs::create_directories(fs::path(folder_) / "generated/tokengate");
  fs::create_directory(fs::path(folder_) / "include");
  fs::create_directory_symlink(fs::absolute(tree), fs::path(folder_) / "include/tokengate");
  write(fs::path(folder_) / "generated/tokengate/linked_lanes.h", linked_lanes);
}

workshop::~workshop() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

cost workshop::compile(const std::string& compiler, const std::string& optimisation, const std::string& text) const {
  write(folder_ + "/unit.cc", text);
  rusage used{};
  const int code = run({compiler, "-std=c++20", optimisation, "-I" + folder_ + "/include",
                        "-I" + folder_ + "/generated", "-c", folder_ + "/unit.cc", "-o", folder_ + "/unit.o"},
                       folder_ + "/output", used);
  if (code != 0) throw std::runtime_error(compiler + " " + optimisation + ":\n" + read(folder_ + "/output"));
  return {static_cast<double>(used.ru_utime.tv_sec) * 1e3 + static_cast<double>(used.ru_utime.tv_usec) / 1e3,
          static_cast<double>(used.ru_maxrss) / 1024};
}

cost median(std::vector<cost> runs) {
  const auto middle_of = [&runs](double cost::*part) {
    const auto middle = runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2);
    std::ranges::nth_element(runs, middle, {}, part);
    return (*middle).*part;
  };
  const double milliseconds = middle_of(&cost::milliseconds);
  return {milliseconds, middle_of(&cost::megabytes)};
}

std::string version_of(const std::string& compiler) {
  FILE* const pipe = ::popen((compiler + " --version 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return {};
  std::string line;
  for (int letter = std::fgetc(pipe); letter != EOF && letter != '\n'; letter = std::fgetc(pipe))
    line += static_cast<char>(letter);
  return ::pclose(pipe) == 0 ? line : std::string();
}

}  // namespace tokengate::benchmarks
