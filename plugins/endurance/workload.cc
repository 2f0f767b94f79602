#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tokengate/core/histogram.h>
#include <tokengate/plugins/endurance/workload.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>
#include <tokengate/plugins/workbench/memory.h>
#include <tokengate/plugins/workbench/predecessor.h>

namespace tokengate::endurance {
namespace {

using namespace std::chrono_literals;
namespace predecessor = workbench::predecessor;
using workbench::answer;
using workbench::clock;
using workbench::seconds;
using workbench::unit;

constexpr std::uint64_t different_numbers = 4'096;  // a multiple of the kinds of work
constexpr std::uint64_t glance = 64;                // tokens between two looks at the clock

constexpr const char* more_help = R"(Columns:
  waited  from the submission of a token to its start; percentiles are up to 12.5 % too high
  memory  of the whole process

Examples:
  tokengate run endurance
  tokengate run endurance --duration 8h --every 1m --json night.json
  tokengate run endurance --operations no-op --in-flight 64)";

/// What was seen since the last line of the table.
struct period {
  std::uint64_t tokens = 0;
  detail::histogram waits;  // nanoseconds

  [[nodiscard]] detail::histogram::total total() const {
    detail::histogram::total sum;
    sum.add(waits);
    return sum;
  }
};

double in_seconds(std::uint64_t nanoseconds) { return 1e-9 * static_cast<double>(nanoseconds); }

class endurance_workload final : public workbench::experiment {
 private:
  void declare_options(CLI::App& command) override;
  workbench::measurements blank() const override;
  void measure(const program::environment& around, workbench::measurements& found, workbench::checker& judge) override;

  bool expect();
  template <class Submit>
  void load(Submit&& submit);
  void note(std::uint64_t number, outcome<answer> result);
  void end_period();
  void summarise();

  std::chrono::nanoseconds duration_ = 30s, every_ = 5s;
  std::uint64_t in_flight_ = 4'096;
  bool original_ = true;

  const program::environment* around_ = nullptr;
  workbench::measurements* found_ = nullptr;
  workbench::checker* judge_ = nullptr;
  std::vector<std::uint64_t> expected_;  // by the number's remainder
  clock::time_point start_, period_start_;
  std::optional<period> now_;
  detail::histogram::total waits_;
  std::uint64_t tokens_ = 0, settled_tokens_ = 0;
  std::uint64_t settled_memory_ = 0;  // after the first period
  std::uint64_t most_memory_ = 0;
};

void endurance_workload::declare_options(CLI::App& command) {
  command.footer(more_help);
  workbench::add_duration(command, "--duration", duration_, "How long to go on");
  workbench::add_duration(command, "--every", every_, "How often to report");
  workbench::add_count(command, "--in-flight", in_flight_, 1u << 24, "Tokens under way at once (default 4096)");
  workbench::add_operations(command, original_, true);
}

workbench::measurements endurance_workload::blank() const {
  workbench::measurements found("endurance",
                                {{"seconds", "seconds", unit::seconds},
                                 {"tokens", "tokens", unit::count},
                                 {"tokens_per_second", "tokens/s", unit::per_second},
                                 {"waited_p50", "waited p50", unit::duration},
                                 {"waited_p99", "p99", unit::duration},
                                 {"waited_max", "max", unit::duration},
                                 {"memory", "memory", unit::bytes}},
                                unit::per_second);
  found.set("operations", std::string(original_ ? "original" : "no-op"));
  found.set("duration", seconds(duration_));
  found.set("in_flight", static_cast<double>(in_flight_));
  return found;
}

void endurance_workload::measure(const program::environment& around, workbench::measurements& found,
                                 workbench::checker& judge) {
  around_ = &around;
  found_ = &found;
  judge_ = &judge;
  if (!expect()) return;
  if (original_) {
    load([](std::uint64_t number) {
      return workbench::in_turn(number, load_primes, load_text, load_sorting, load_hashes, clock::now());
    });
  } else {
    load([](std::uint64_t number) {
      return workbench::in_turn(number, load_light, load_light, load_medium, load_heavy, clock::now());
    });
  }
  summarise();
}

bool endurance_workload::expect() {
  expected_.reserve(different_numbers);
  for (std::uint64_t number = 0; number < different_numbers; ++number) {
    if (around_->interrupted() != 0) return false;
    expected_.push_back(original_ ? workbench::do_work(number) : number);
  }
  return true;
}

template <class Submit>
void endurance_workload::load(Submit&& submit) {
  workbench::flight<answer> under_way(in_flight_, around_->interrupted);
  const auto take = [this](std::uint64_t number, outcome<answer> result) { note(number, std::move(result)); };
  start_ = period_start_ = clock::now();
  const auto end = start_ + duration_;
  now_.emplace();
  while (under_way.make_room(take)) {
    if (under_way.added() % glance == 0) {
      const auto now = clock::now();
      if (now >= end || around_->interrupted() != 0) break;
      if (now >= period_start_ + every_) end_period();
    }
    under_way.add(submit(under_way.added() % different_numbers));
  }
  const bool finished = under_way.drain(take);
  if (now_->tokens > 0) end_period();
  judge_->require(!finished || tokens_ == under_way.added(), report::count_text(under_way.added()) +
                                                                 " tokens were submitted, but " +
                                                                 report::count_text(tokens_) + " results came");
}

void endurance_workload::note(std::uint64_t number, outcome<answer> result) {
  ++tokens_;
  ++now_->tokens;
  if (!result) {
    judge_->note_failure("load", number, result.error());
    return;
  }
  judge_->compare("load", number, result.value().value, expected_[number % different_numbers]);
  now_->waits.add(
      static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(result.value().waited.count(), 0)));
}

void endurance_workload::end_period() {
  const auto now = clock::now();
  const double length = seconds(now - period_start_);
  const double rate = static_cast<double>(now_->tokens) / length;
  const auto waits = now_->total();
  const std::uint64_t memory = workbench::resident_bytes();
  const double p50 = in_seconds(waits.percentile(0.5)), p99 = in_seconds(waits.percentile(0.99));
  found_->add_row({seconds(now - start_), static_cast<double>(now_->tokens), rate, p50, p99, in_seconds(waits.max()),
                   static_cast<double>(memory)},
                  {rate, original_ ? predecessor::original_wave(65'536) : predecessor::no_op_wave(65'536)});
  if (now < start_ + duration_ && around_->interrupted() == 0) {
    around_->messages.message(report::clock_text(std::chrono::floor<std::chrono::seconds>(now - start_)) + ": " +
                              workbench::shown(rate, unit::per_second) + " tokens/s, waited p50 " +
                              workbench::shown(p50, unit::duration) + ", p99 " + workbench::shown(p99, unit::duration) +
                              ", " + report::bytes_text(memory));
  }
  if (settled_memory_ == 0) {
    settled_memory_ = memory;
    settled_tokens_ = tokens_;
  }
  most_memory_ = std::max(most_memory_, memory);
  waits_.add(now_->waits);
  period_start_ = now;
  now_.emplace();
}

void endurance_workload::summarise() {
  const double rate = static_cast<double>(tokens_) / seconds(period_start_ - start_);
  auto& found = *found_;
  found.summarise("tokens", "tokens", unit::count, {static_cast<double>(tokens_)});
  found.summarise("tokens_per_second", "tokens/s", unit::per_second,
                  {rate, original_ ? predecessor::original_wave(65'536) : predecessor::no_op_wave(65'536)});
  found.summarise("waited_p50", "waited p50", unit::duration, {in_seconds(waits_.percentile(0.5))});
  found.summarise("waited_p99", "waited p99", unit::duration, {in_seconds(waits_.percentile(0.99))});
  found.summarise("most_memory", "most memory", unit::bytes, {static_cast<double>(most_memory_)});
  if (tokens_ > settled_tokens_) {
    const double growth =
        std::max(0.0, static_cast<double>(workbench::resident_bytes()) - static_cast<double>(settled_memory_));
    found.summarise("memory_per_token", "bytes kept per token, after the first line", unit::times,
                    {growth / static_cast<double>(tokens_ - settled_tokens_),
                     original_ ? predecessor::original_memory_per_token : predecessor::no_op_memory_per_token});
  }
  found.remark("Py-TokenGate: waves of 16,384 tokens and more; what it keeps of each token that has ended.");
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<endurance_workload>(); }

}  // namespace tokengate::endurance
