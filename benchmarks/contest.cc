#include <cstdio>
#include <string_view>

#include <sys/prctl.h>
#include <unistd.h>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/benchmarks/core_distance.h>
#include <tokengate/core/clock.h>

namespace tokengate::benchmarks {
namespace {

struct contender {
  std::string name;
  std::function<void(benchmark::State&)> work;
  int rounds;
};

std::vector<contender>& contenders() {
  static std::vector<contender> all;
  return all;
}

bool is_quick = false;

double nanoseconds_at(const std::vector<std::uint64_t>& sorted, double share) {
  const auto position = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[position]) / detail::ticks_per_nanosecond();
}

options with_cores(unsigned cores) {
  options wanted;
  wanted.cores = cores;
  return wanted;
}

}  // namespace

void enter(std::string row, std::string name, std::function<void(benchmark::State&)> work, int rounds) {
  contenders().push_back({std::move(row) + '/' + std::move(name), std::move(work), rounds});
}

bool quick() noexcept { return is_quick; }

std::size_t items(std::size_t all) noexcept { return is_quick ? std::max<std::size_t>(all / 100, 10) : all; }

int hold_contests(int count, char** arguments) {
  // Ours first: what stands later on the command line wins.
  std::string aggregates = "--benchmark_report_aggregates_only=true", repetitions = "--benchmark_repetitions=5";
  std::vector<char*> given{arguments[0], aggregates.data(), repetitions.data()};
  for (int i = 1; i < count; ++i) {
    if (std::string_view(arguments[i]) == "--quick") {
      is_quick = true;
      repetitions = "--benchmark_repetitions=1";
    } else {
      given.push_back(arguments[i]);
    }
  }
  given[2] = repetitions.data();
  auto size = static_cast<int>(given.size());
  given.push_back(nullptr);
  benchmark::Initialize(&size, given.data());
  if (benchmark::ReportUnrecognizedArguments(size, given.data())) return 1;
  // Short naps are meant as short as they are asked for.
  ::prctl(PR_SET_TIMERSLACK, 1);
  benchmark::AddCustomContext("cores", describe_core_distance());
  for (const auto& each : contenders()) {
    benchmark::RegisterBenchmark(each.name.c_str(), each.work)->UseManualTime()->Iterations(quick() ? 1 : each.rounds);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

void measure_each(benchmark::State& state, std::size_t samples, const std::function<void()>& work,
                  const std::function<void()>& before) {
  std::vector<std::uint64_t> times;
  times.reserve(samples * static_cast<std::size_t>(state.max_iterations));
  for (std::size_t i = 0; i < samples / 10 + 1; ++i) work();
  for (auto _ : state) {
    std::uint64_t sum = 0;
    const auto enough = stopwatch::now() + std::chrono::milliseconds(300);
    for (std::size_t i = 0; i < samples && (i % 64 != 0 || stopwatch::now() < enough); ++i) {
      if (before) before();
      const auto start = detail::ticks();
      work();
      times.push_back(detail::ticks() - start);
      sum += times.back();
    }
    state.SetIterationTime(static_cast<double>(sum) / detail::ticks_per_nanosecond() / 1e9);
  }
  std::sort(times.begin(), times.end());
  state.counters["p50"] = nanoseconds_at(times, 0.5);
  state.counters["p99"] = nanoseconds_at(times, 0.99);
}

started::started(unsigned cores) : cores_(with_cores(cores)) { cores_.start(); }

std::size_t resident_bytes() {
  std::size_t pages = 0, resident = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu %zu", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tokengate::benchmarks
