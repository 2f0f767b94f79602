// treehash next to what else hashes files on this machine: ./bazelw run //benchmarks:treehash_bench [-- --rounds N
// --dir DIR]
//
// All contenders run in turn, round after round, so that whatever else happens on the machine happens to all of them.
// The trees are made once, below DIR (default: the directory for temporary files), and read once before the first
// round.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tokengate/benchmarks/core_distance.h>
#include <tokengate/benchmarks/treehash_direct.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/report/table.h>

extern char** environ;

namespace tokengate::benchmarks {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

struct contender {
  std::string name;
  std::string command;  // for sh
  bool limit = false;   // no rival, but what cannot be beaten: no framework, no list
};

struct contest {
  std::string title;
  std::vector<contender> contenders;  // the first is ours
};

void fill(const fs::path& file, std::uint64_t size, std::mt19937_64& random) {
  std::vector<std::uint64_t> piece((std::uint64_t{1} << 20) / sizeof(std::uint64_t));
  std::ofstream out(file, std::ios::binary);
  while (size > 0) {
    std::generate(piece.begin(), piece.end(), std::ref(random));
    const auto part = std::min<std::uint64_t>(size, piece.size() * sizeof piece[0]);
    out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(part));
    size -= part;
  }
  out.flush();
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

// Twenty thousand files, two gigabytes: sizes over three orders of magnitude, as in a home directory.
void make_tree(const fs::path& root) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> logarithm(std::log(2'500.0), std::log(560'000.0));
  for (int directory = 0; directory < 200; ++directory) {
    const fs::path path = root / ("d" + std::to_string(directory / 20)) / ("s" + std::to_string(directory % 20));
    fs::create_directories(path);
    for (int file = 0; file < 100; ++file) {
      fill(path / ("file" + std::to_string(file)), static_cast<std::uint64_t>(std::exp(logarithm(random))), random);
    }
  }
}

void prepare(const fs::path& dir) {
  if (!fs::exists(dir / "complete")) {
    std::cout << "making 20,000 files of 2 GB and one of 4 GB below " << dir.string() << std::endl;
    fs::remove_all(dir);
    fs::create_directories(dir);
    make_tree(dir / "tree");
    std::mt19937_64 random(2);
    fill(dir / "big", std::uint64_t{4} << 30, random);
    std::ofstream(dir / "complete") << '\n';
  }
  std::vector<char> piece(std::size_t{1} << 20);
  std::ofstream list(dir / "list", std::ios::binary);
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    if (entry.path().string().starts_with((dir / "tree").string())) list << entry.path().string() << '\0';
    std::ifstream file(entry.path(), std::ios::binary);
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
    }
  }
}

double seconds_of(const std::string& command) {
  std::string shell = "sh", flag = "-c", script = "exec >/dev/null; " + command;
  char* arguments[] = {shell.data(), flag.data(), script.data(), nullptr};
  const auto start = clock::now();
  pid_t child = 0;
  if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments, environ) != 0) throw std::runtime_error("no shell");
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("failed: " + command);
  return std::chrono::duration<double>(clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::string fixed(double value, int decimals) {
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(decimals);
  text << value;
  return text.str();
}

void hold(const contest& what, int rounds) {
  std::vector<std::vector<double>> times(what.contenders.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < times.size(); ++i) times[i].push_back(seconds_of(what.contenders[i].command));
  }
  const double ours = median(times[0]);
  double best_limit = 0;
  report::table rows({{what.title, report::align::left}, {"seconds"}, {"fastest"}, {"ours takes"}});
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double time = median(times[i]);
    if (what.contenders[i].limit && (best_limit == 0 || time < best_limit)) best_limit = time;
    rows.add_row({what.contenders[i].name, fixed(time, 3),
                  fixed(*std::min_element(times[i].begin(), times[i].end()), 3),
                  i == 0 ? "" : fixed(ours / time, 2) + " x"});
  }
  std::cout << rows.text() << "at " << fixed(100 * best_limit / ours, 0) << " % of the best limit\n" << std::endl;
}

// Four ways to the same tree, and to the same file; `limit` runs this very program.
std::vector<contest> contests(const std::string& program, const std::string& self, const fs::path& dir,
                              unsigned cores) {
  const std::string tree = (dir / "tree").string(), big = (dir / "big").string(), list = (dir / "list").string();
  const std::string count = std::to_string(cores);
  const auto ours = [&](const std::string& algorithm, const std::string& what) {
    return contender{"tokengate run treehash", program + " run treehash --no-stats -a " + algorithm + ' ' + what,
                     false};
  };
  const auto each = [&](const std::string& tool) {
    return contender{"find | xargs -P" + count + " -n64 " + tool,
                     "find " + tree + " -type f -print0 | xargs -0 -P" + count + " -n64 " + tool + " 2>/dev/null",
                     false};
  };
  const auto limit = [&](const std::string& algorithm) {
    return contender{"limit: " + count + " bare threads", self + " --limit " + algorithm + ' ' + count + ' ' + list,
                     true};
  };
  const auto limits_of_big = [&](const std::string& algorithm, std::vector<contender> rivals) {
    rivals.push_back({"limit: one bare thread", self + " --limit-one " + algorithm + ' ' + big, true});
    rivals.push_back({"limit: a reader and a hasher", self + " --limit-pair " + algorithm + ' ' + big, true});
    return rivals;
  };
  return {
      {"2 GB in 20,000 files, SHA-256",
       {ours("sha256", tree), each("sha256sum"), each("openssl dgst -sha256"), each("b2sum"), limit("sha256")}},
      {"2 GB in 20,000 files, XXH3", {ours("xxh3", tree), each("xxhsum -H3"), limit("xxh3")}},
      {"4 GB in one file, SHA-256",
       limits_of_big("sha256", {ours("sha256", big),
                                {"sha256sum", "sha256sum " + big, false},
                                {"openssl dgst -sha256", "openssl dgst -sha256 " + big, false},
                                {"b2sum", "b2sum " + big, false}})},
      {"4 GB in one file, XXH3",
       limits_of_big("xxh3", {ours("xxh3", big), {"xxhsum -H3", "xxhsum -H3 " + big + " 2>/dev/null", false}})},
  };
}

std::vector<std::string> paths_in(const std::string& list) {
  std::ifstream file(list, std::ios::binary);
  std::vector<std::string> paths;
  for (std::string path; std::getline(file, path, '\0');) paths.push_back(path);
  return paths;
}

int run(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  if (given.size() == 4 && given[0] == "--limit") {
    hash_directly(paths_in(given[3]), given[1], static_cast<unsigned>(std::stoul(given[2])));
    return 0;
  }
  if (given.size() == 3 && given[0] == "--limit-one") {
    hash_directly({given[2]}, given[1], 1);
    return 0;
  }
  if (given.size() == 3 && given[0] == "--limit-pair") {
    hash_with_reader(given[2], given[1]);
    return 0;
  }
  CLI::App app("Compares `tokengate run treehash` with other tools and with what the machine can do at best.");
  int rounds = 5;
  std::string dir = (fs::temp_directory_path() / "tokengate_treehash_bench").string();
  std::string program;
  app.add_option("program", program, "The tokengate to measure")->required();
  app.add_option("--rounds", rounds, "How often each contender runs")->check(CLI::PositiveNumber);
  app.add_option("--dir", dir, "Where the trees are, or will be made (6 GB)");
  CLI11_PARSE(app, count, arguments);

  prepare(dir);
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  std::cout << cores << " cores, " << describe_core_distance() << "; medians of " << rounds << " rounds\n" << std::endl;
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  for (const auto& each : contests(fs::absolute(program).string(), self, dir, cores)) hold(each, rounds);
  return 0;
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
