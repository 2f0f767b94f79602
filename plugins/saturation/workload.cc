#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/saturation/tally.h>
#include <tokengate/plugins/saturation/workload.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>
#include <tokengate/plugins/workbench/predecessor.h>

namespace tokengate::saturation {
namespace {

using namespace std::chrono_literals;
namespace predecessor = workbench::predecessor;
using workbench::clock;
using workbench::comparison;
using workbench::seconds;
using workbench::unit;

constexpr std::uint64_t release_size = 8;  // as in the predecessor's demo
constexpr std::uint64_t most_sleepers = 1'000'000;

constexpr const char* more_help = R"(Columns:
  ratio       sleep as asked for (or time computed), added up over all tokens, by seconds: so many at once
  by workers  the same by the workers of all cores; by cores: by the cores
  overlap     with the time by which tokens woke up too late
  turnaround  with the time in the queue as well: the predecessor's demo counts so
  at once     the most tokens that were inside at one moment

Examples:
  tokengate run saturation
  tokengate run saturation --sleepers 100000 --sleep 10ms --sustain 10s)";

class saturation_workload final : public workbench::experiment {
 private:
  void declare_options(CLI::App& command) override;
  workbench::measurements blank() const override;
  void measure(const program::environment& around, workbench::measurements& found, workbench::checker& judge) override;

  /// How the token of a number is made.
  using sleepers = token<stay> (*)(std::uint64_t number, crowd* all, std::chrono::nanoseconds length);

  bool burst(const char* name, sleepers make, const workbench::figure& theirs);
  bool sustain_sleepers();
  void sustain_releases();
  bool release(tally& sum, std::uint64_t number);
  void judge_sleeper(const char* name, std::uint64_t number, outcome<stay>& result, clock::time_point submitted,
                     tally& sum);
  void add_row(const char* name, const tally& sum, comparison beside);

  std::uint64_t sleepers_ = predecessor::sleepers;
  std::chrono::nanoseconds sleep_ = 1ms;
  std::chrono::nanoseconds sustain_ = 2s;

  const program::environment* around_ = nullptr;
  workbench::measurements* found_ = nullptr;
  workbench::checker* judge_ = nullptr;
  crowd crowd_;
  std::vector<clock::time_point> submitted_;  // by the place in the flight
};

token<stay> make_light(std::uint64_t, crowd* all, std::chrono::nanoseconds length) {
  return light_sleeper(all, length);
}

token<stay> make_either(std::uint64_t number, crowd* all, std::chrono::nanoseconds length) {
  return number % 2 == 0 ? light_sleeper(all, length) : heavy_sleeper(all, length);
}

void saturation_workload::declare_options(CLI::App& command) {
  command.footer(more_help);
  workbench::add_count(command, "--sleepers", sleepers_, most_sleepers, "Tokens of a burst (default 10000)");
  workbench::add_duration(command, "--sleep", sleep_, "How long each sleeps");
  workbench::add_duration(command, "--sustain", sustain_, "How long each sustained load lasts");
}

workbench::measurements saturation_workload::blank() const {
  workbench::measurements found("saturation",
                                {{"what", "what", unit::text},
                                 {"tokens", "tokens", unit::count},
                                 {"seconds", "seconds", unit::seconds},
                                 {"tokens_per_second", "tokens/s", unit::per_second},
                                 {"ratio", "ratio", unit::times},
                                 {"by_workers", "by workers", unit::times},
                                 {"by_cores", "by cores", unit::times},
                                 {"overlap", "overlap", unit::times},
                                 {"turnaround", "turnaround", unit::times},
                                 {"at_once", "at once", unit::count}},
                                unit::times);
  found.set("sleepers", static_cast<double>(sleepers_));
  found.set("sleep", seconds(sleep_));
  found.set("sustain", seconds(sustain_));
  return found;
}

void saturation_workload::measure(const program::environment& around, workbench::measurements& found,
                                  workbench::checker& judge) {
  around_ = &around;
  found_ = &found;
  judge_ = &judge;
  submitted_.resize(sleepers_);
  const std::uint64_t workers = std::uint64_t{around.cores} * options{}.workers;
  found.set("workers", static_cast<double>(workers));
  found.remark(report::count_text(around.cores) + " cores, " + report::count_text(workers) +
               " workers. Py-TokenGate: ratios of bursts with 4 workers (light) and 8; what its documents say of "
               "releases is turnaround on 8 cores.");
  if (!burst("burst, light sleepers", make_light, predecessor::light_sleepers)) return;
  if (!burst("burst, half of them heavy", make_either, predecessor::half_heavy_sleepers)) return;
  if (sustain_sleepers()) sustain_releases();
}

bool saturation_workload::burst(const char* name, sleepers make, const workbench::figure& theirs) {
  around_->messages.progress(name);
  crowd_.reset();
  std::vector<token<stay>> tokens;
  tokens.reserve(sleepers_);
  const auto start = clock::now();
  for (std::uint64_t i = 0; i < sleepers_; ++i) {
    submitted_[i] = clock::now();
    tokens.push_back(make(i, &crowd_, sleep_));
  }
  if (!workbench::wait_for_all(tokens, around_->interrupted)) return false;
  auto results = gather(return_exceptions, std::move(tokens));
  tally sum;
  sum.elapsed = clock::now() - start;
  for (std::uint64_t i = 0; i < sleepers_; ++i) judge_sleeper(name, i, results[i], submitted_[i], sum);
  comparison beside{sum.ratio(sum.wanted)};
  if (sleepers_ == predecessor::sleepers && sleep_ == 1ms) beside.theirs = theirs;
  add_row(name, sum, beside);
  return true;
}

bool saturation_workload::sustain_sleepers() {
  constexpr const char* name = "sustained, half of them heavy";
  around_->messages.progress(name);
  crowd_.reset();
  workbench::flight<stay> under_way(sleepers_, around_->interrupted);
  tally sum;
  const auto take = [&](std::uint64_t number, outcome<stay> result) {
    judge_sleeper(name, number, result, submitted_[number % sleepers_], sum);
  };
  const auto start = clock::now();
  for (const auto end = start + sustain_; under_way.make_room(take);) {
    const auto now = clock::now();
    if (now >= end || around_->interrupted() != 0) break;
    submitted_[under_way.added() % sleepers_] = now;
    under_way.add(make_either(under_way.added(), &crowd_, sleep_));
  }
  const bool complete = under_way.drain(take) && around_->interrupted() == 0;
  sum.elapsed = clock::now() - start;
  if (sum.tokens > 0) add_row(name, sum, {});
  return complete;
}

/// The predecessor's demo: eight at once, and again as soon as they are back.
void saturation_workload::sustain_releases() {
  around_->messages.progress("releases of 8 computing tokens");
  crowd_.reset();
  tally all, best;
  std::uint64_t number = 0;
  const auto start = clock::now();
  do {
    tally one;
    if (!release(one, number)) break;
    number += release_size;
    all.tokens += one.tokens;
    all.wanted += one.wanted;
    all.ran += one.ran;
    all.turnaround += one.turnaround;
    if (best.tokens == 0 || one.ratio(one.ran) > best.ratio(best.ran)) best = one;
  } while (clock::now() - start < sustain_ && around_->interrupted() == 0);
  all.elapsed = clock::now() - start;
  if (all.tokens == 0) return;
  // Eight cores and two cannot be compared: their figures stand there without a ratio.
  add_row("8 computing, best release", best, {0, predecessor::best_release});
  add_row("8 computing, sustained releases", all, {0, predecessor::sustained_releases});
}

bool saturation_workload::release(tally& sum, std::uint64_t number) {
  std::array<clock::time_point, release_size> submitted;
  std::vector<token<stay>> tokens;
  const auto start = clock::now();
  for (auto& time : submitted) {
    time = clock::now();
    tokens.push_back(computing(&crowd_, computed_end));
  }
  if (!workbench::wait_for_all(tokens, around_->interrupted)) return false;
  sum.elapsed = clock::now() - start;
  for (std::size_t i = 0; i < release_size; ++i) {
    outcome<stay> result(std::move(tokens[i]));
    if (!result) {
      judge_->note_failure("computing", number + i, result.error());
      continue;
    }
    judge_->compare("computing", number + i, result.value().value, computed_primes);
    sum.add(result.value(), result.value().ran, submitted[i]);
  }
  return true;
}

void saturation_workload::judge_sleeper(const char* name, std::uint64_t number, outcome<stay>& result,
                                        clock::time_point submitted, tally& sum) {
  if (!result) {
    judge_->note_failure(name, number, result.error());
    return;
  }
  // Longer than asked for is late, shorter is wrong.
  const auto wanted = static_cast<std::uint64_t>(sleep_.count());
  judge_->compare(name, number, std::min(result.value().value, wanted), wanted);
  sum.add(result.value(), sleep_, submitted);
}

void saturation_workload::add_row(const char* name, const tally& sum, comparison beside) {
  const double ratio = sum.ratio(sum.wanted), cores = around_->cores;
  found_->add_row({std::string(name), static_cast<double>(sum.tokens), seconds(sum.elapsed),
                   static_cast<double>(sum.tokens) / seconds(sum.elapsed), ratio, ratio / (cores * options{}.workers),
                   ratio / cores, sum.ratio(sum.ran), sum.ratio(sum.turnaround), static_cast<double>(crowd_.most())},
                  beside);
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<saturation_workload>(); }

}  // namespace tokengate::saturation
