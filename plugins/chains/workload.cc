#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tokengate/plugins/chains/workload.h>
#include <tokengate/plugins/program/usage.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>
#include <tokengate/plugins/workbench/percentiles.h>
#include <tokengate/plugins/workbench/predecessor.h>

namespace tokengate::chains {
namespace {

namespace predecessor = workbench::predecessor;
using workbench::clock;
using workbench::comparison;
using workbench::seconds;
using workbench::unit;

constexpr std::uint64_t most_leads = 10'000'000, most_children = 100'000;

constexpr const char* more_help = R"(Lines:
  one at a time   the next chain begins when the one before has ended
  in flight       many chains at once, from one thread
  steps           chains of five tokens, each of which needs the result of the one before; many chains at once
A chain's latency runs from its submission to its end.

Examples:
  tokengate run chains
  tokengate run chains --leads 100000 --in-flight 64
  tokengate run chains --children 16 --one-at-a-time)";

class chains_workload final : public workbench::experiment {
 private:
  void declare_options(CLI::App& command) override;
  void check_settings() override;
  workbench::measurements blank() const override;
  void measure(const program::environment& around, workbench::measurements& found, workbench::checker& judge) override;

  /// One line of the table. `make(number)` submits a chain, `right(number)` is what it must return; at most `most` at
  /// once. Returns the latencies, or nothing after an interrupt; then the line shows what was done until then.
  template <class Make, class Right>
  std::optional<workbench::spread> line(const char* name, std::uint64_t most, std::uint64_t children, Make&& make,
                                        Right&& right, const workbench::figure* theirs);
  bool lead_lines();

  std::uint64_t leads_ = predecessor::leads_in_flight, children_ = predecessor::children, in_flight_ = 0;
  bool one_at_a_time_ = false;

  const program::environment* around_ = nullptr;
  workbench::measurements* found_ = nullptr;
  workbench::checker* judge_ = nullptr;
  std::optional<head_count> count_;
  std::vector<clock::time_point> submitted_;
  std::vector<std::chrono::nanoseconds> latencies_;
};

void chains_workload::declare_options(CLI::App& command) {
  command.footer(more_help);
  workbench::add_count(command, "--leads", leads_, most_leads, "Chains of each line (default 3000)");
  workbench::add_count(command, "--children", children_, most_children, "Children of each lead (default 4)");
  CLI::Option* const flight = workbench::add_count(command, "--in-flight", in_flight_, most_leads,
                                                   "Only many at once, at most so many (default: all)");
  command.add_flag("--one-at-a-time", one_at_a_time_, "Only one at a time")->excludes(flight);
}

void chains_workload::check_settings() {
  if (in_flight_ > leads_) {
    throw program::usage_error("--in-flight " + std::to_string(in_flight_) + " is more than --leads " +
                               std::to_string(leads_));
  }
}

workbench::measurements chains_workload::blank() const {
  workbench::measurements found("chains",
                                {{"what", "what", unit::text},
                                 {"in_flight", "in flight", unit::count},
                                 {"chains", "chains", unit::count},
                                 {"children", "children", unit::count},
                                 {"seconds", "seconds", unit::seconds},
                                 {"chains_per_second", "chains/s", unit::per_second},
                                 {"tokens_per_second", "tokens/s", unit::per_second},
                                 {"p50", "p50", unit::duration},
                                 {"p99", "p99", unit::duration},
                                 {"max", "max", unit::duration}},
                                unit::per_second);
  found.set("leads", static_cast<double>(leads_));
  found.set("children", static_cast<double>(children_));
  return found;
}

void chains_workload::measure(const program::environment& around, workbench::measurements& found,
                              workbench::checker& judge) {
  around_ = &around;
  found_ = &found;
  judge_ = &judge;
  count_.emplace(around.cores);
  if (!lead_lines()) return;
  if (one_at_a_time_) return;
  const std::uint64_t most = in_flight_ == 0 ? leads_ : in_flight_;
  line(
      "steps", most, steps, [](std::uint64_t seed) { return chain_of_steps(seed); }, steps_value, nullptr);
}

bool chains_workload::lead_lines() {
  const auto make = [this](std::uint64_t number) { return chain_lead(number, children_, &*count_); };
  const auto right = [this](std::uint64_t number) { return family_value(number, children_); };
  const bool same = children_ == predecessor::children;
  std::uint64_t chains = 0;
  if (in_flight_ == 0) {
    const auto found = line("lead and children, one at a time", 1, children_, make, right,
                            same ? &predecessor::chains_one_at_a_time : nullptr);
    if (!found) return false;
    chains += leads_;
    comparison p50{seconds(found->p50)}, p99{seconds(found->p99)};
    if (same) {
      p50.theirs = predecessor::chain_p50;
      p99.theirs = predecessor::chain_p99;
    }
    found_->summarise("p50_one_at_a_time", "latency one at a time, p50", unit::duration, p50);
    found_->summarise("p99_one_at_a_time", "latency one at a time, p99", unit::duration, p99);
  }
  if (!one_at_a_time_) {
    const std::uint64_t most = in_flight_ == 0 ? leads_ : in_flight_;
    const bool same_flight = same && most == predecessor::leads_in_flight && leads_ == most;
    if (!line("lead and children, in flight", most, children_, make, right,
              same_flight ? &predecessor::chains_in_flight : nullptr)) {
      return false;
    }
    chains += leads_;
  }
  const std::uint64_t wanted = chains * children_, ran = count_->total();
  judge_->require(ran == wanted,
                  report::count_text(wanted) + " children were made, but " + report::count_text(ran) + " ran");
  return true;
}

template <class Make, class Right>
std::optional<workbench::spread> chains_workload::line(const char* name, std::uint64_t most, std::uint64_t children,
                                                       Make&& make, Right&& right, const workbench::figure* theirs) {
  around_->messages.progress(name);
  latencies_.clear();
  latencies_.reserve(leads_);
  submitted_.resize(leads_);
  workbench::flight<chain_end> under_way(most, around_->interrupted);
  const auto take = [&](std::uint64_t number, outcome<chain_end> result) {
    if (!result) {
      judge_->note_failure(name, number, result.error());
      return;
    }
    judge_->compare(name, number, result.value().value, right(number));
    latencies_.push_back(result.value().time - submitted_[number]);
  };
  const auto start = clock::now();
  while (under_way.added() < leads_ && under_way.make_room(take) && around_->interrupted() == 0) {
    submitted_[under_way.added()] = clock::now();
    under_way.add(make(under_way.added()));
  }
  const bool complete = under_way.drain(take) && under_way.taken() == leads_;
  const double time = seconds(clock::now() - start), chains = static_cast<double>(under_way.taken());
  const auto latency = workbench::spread_of(latencies_);
  comparison beside{chains / time};
  if (theirs != nullptr) beside.theirs = *theirs;
  if (chains > 0) {
    found_->add_row({std::string(name), static_cast<double>(most), chains, static_cast<double>(children), time,
                     chains / time, chains * static_cast<double>(children + 1) / time, seconds(latency.p50),
                     seconds(latency.p99), seconds(latency.max)},
                    beside);
  }
  if (!complete) return std::nullopt;
  return latency;
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<chains_workload>(); }

}  // namespace tokengate::chains
