#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tokengate/plugins/mixed/wave.h>
#include <tokengate/plugins/mixed/workload.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/memory.h>
#include <tokengate/plugins/workbench/predecessor.h>

namespace tokengate::mixed {
namespace {

namespace predecessor = workbench::predecessor;
using workbench::answer;
using workbench::seconds;
using workbench::unit;

constexpr std::uint64_t warm_up_tokens = 256;  // as the predecessor's demo does
constexpr std::uint64_t predecessors_last_wave = 65'536;

constexpr const char* more_help = R"(Columns:
  seconds, tokens/s, ms/token  from the first submission until the last result is there
  conc.                        tokens/s, as a multiple of those of the first wave
  overlap                      run times of all tokens, added up, by seconds (not for no-op)
  tokens/s awaited             the clock starts after the last submission, as in the predecessor's demo

Examples:
  tokengate run mixed
  tokengate run mixed --operations original --json waves.json
  tokengate run mixed --waves 4..1048576

docs/workloads.md tells how to lay this beside the predecessor.)";

class mixed_workload final : public workbench::experiment {
 private:
  void declare_options(CLI::App& command) override;
  workbench::measurements blank() const override;
  void measure(const program::environment& around, workbench::measurements& found, workbench::checker& judge) override;

  struct totals {
    std::uint64_t tokens = 0;
    double all = 0, awaiting = 0;            // seconds
    double last_awaiting = 0, last_all = 0;  // of the last wave
    double best_rate = 0, first_rate = 0;
  };

  bool expect(const program::environment& around);
  template <class Submit>
  bool measure_wave(std::uint64_t size, Submit&& submit);
  void summarise(std::uint64_t memory_before);

  std::uint64_t right_answer(std::uint64_t i) const { return original_ ? expected_[i] : i + seed_; }

  wave_sizes sizes_;
  bool original_ = false;
  std::uint64_t seed_ = 0;

  const program::environment* around_ = nullptr;
  workbench::measurements* found_ = nullptr;
  workbench::checker* judge_ = nullptr;
  std::vector<std::uint64_t> expected_;  // of original work, by the place in the wave
  double plain_loop_ = 0;                // seconds that it took to compute them
  std::uint64_t waves_ = 0;
  totals totals_;
};

std::uint64_t value_of(std::uint64_t result) { return result; }
std::uint64_t value_of(const answer& result) { return result.value; }
std::chrono::nanoseconds run_time_of(std::uint64_t) { return {}; }
std::chrono::nanoseconds run_time_of(const answer& result) { return result.ran; }

void mixed_workload::declare_options(CLI::App& command) {
  command.footer(more_help);
  command
      .add_option_function<std::string>(
          "--waves", [this](const std::string& text) { sizes_ = *parse_waves(text); },
          "Sizes of the first and the last wave, doubling; or of a single one (default 4..65536)")
      ->check([](const std::string& text) {
        return parse_waves(text)
                   ? ""
                   : "'" + text + "' are no waves: write FIRST..LAST, where doubling FIRST leads to LAST, " +
                         "at most " + report::count_text(largest_wave);
      })
      ->type_name("FROM..TO");
  workbench::add_operations(command, original_, false);
  command.add_option("--seed", seed_, "Give token i the arguments of the predecessor's token i + N")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 31))
      ->type_name("N");
}

workbench::measurements mixed_workload::blank() const {
  workbench::measurements found("mixed",
                                {{"wave", "wave", unit::count},
                                 {"tokens", "tokens", unit::count},
                                 {"ok", "ok", unit::count},
                                 {"failed", "failed", unit::count},
                                 {"seconds", "seconds", unit::seconds},
                                 {"tokens_per_second", "tokens/s", unit::per_second},
                                 {"milliseconds_per_token", "ms/token", unit::milliseconds},
                                 {"concurrency", "conc.", unit::times},
                                 {"overlap", "overlap", unit::times},
                                 {"tokens_per_second_after_submission", "tokens/s awaited", unit::per_second}},
                                unit::per_second);
  found.set("operations", std::string(original_ ? "original" : "no-op"));
  found.set("first_wave", static_cast<double>(sizes_.first));
  found.set("last_wave", static_cast<double>(sizes_.last));
  found.set("seed", static_cast<double>(seed_));
  found.set("warm_up_tokens", static_cast<double>(warm_up_tokens));
  return found;
}

void mixed_workload::measure(const program::environment& around, workbench::measurements& found,
                             workbench::checker& judge) {
  around_ = &around;
  found_ = &found;
  judge_ = &judge;
  const std::uint64_t memory_before = workbench::resident_bytes();
  if (original_ && !expect(around)) return;
  const auto submit_no_op = [seed = seed_](std::uint64_t i) {
    return workbench::in_turn(i + seed, wave_light, wave_light, wave_medium, wave_heavy);
  };
  const auto submit_original = [seed = seed_](std::uint64_t i) {
    return workbench::in_turn(i + seed, wave_primes, wave_text, wave_sorting, wave_hashes, workbench::clock::now());
  };
  const auto run = [&](auto& submit) {
    if (!run_wave(warm_up_tokens, submit, around.interrupted)) return;
    for (std::uint64_t size = sizes_.first; size <= sizes_.last; size *= 2) {
      around.messages.progress("wave of " + report::count_text(size) + " tokens");
      if (!measure_wave(size, submit)) break;
    }
  };
  if (original_) {
    run(submit_original);
  } else {
    run(submit_no_op);
  }
  if (waves_ > 0) summarise(memory_before);
}

/// What is right, by a plain loop. False after an interrupt.
bool mixed_workload::expect(const program::environment& around) {
  around.messages.progress("a plain loop over the largest wave");
  const auto start = workbench::clock::now();
  expected_.reserve(sizes_.last);
  for (std::uint64_t i = 0; i < sizes_.last; ++i) {
    if (i % 256 == 0 && around.interrupted() != 0) return false;
    expected_.push_back(workbench::do_work(i + seed_));
  }
  plain_loop_ = seconds(workbench::clock::now() - start);
  return true;
}

template <class Submit>
bool mixed_workload::measure_wave(std::uint64_t size, Submit&& submit) {
  auto done = run_wave(size, submit, around_->interrupted);
  if (!done) return false;
  const std::string name = "wave of " + report::count_text(size);
  const std::uint64_t right_before = judge_->right(), failed_before = judge_->failed();
  std::chrono::nanoseconds ran{0};
  for (std::uint64_t i = 0; i < size; ++i) {
    auto& result = done->results[i];
    if (!result) {
      judge_->note_failure(name, i, result.error());
      continue;
    }
    judge_->compare(name, i, value_of(result.value()), right_answer(i));
    ran += run_time_of(result.value());
  }
  const auto tokens = static_cast<double>(size);
  const double all = seconds(done->all), awaiting = seconds(done->all - done->submission), rate = tokens / all;
  if (waves_ == 0) totals_.first_rate = rate;
  ++waves_;
  totals_.tokens += size;
  totals_.all += all;
  totals_.awaiting += awaiting;
  totals_.last_all = all;
  totals_.last_awaiting = awaiting;
  totals_.best_rate = std::max(totals_.best_rate, rate);
  workbench::cell overlap;
  if (original_) overlap = seconds(ran) / all;
  found_->add_row({static_cast<double>(waves_), tokens, static_cast<double>(judge_->right() - right_before),
                   static_cast<double>(judge_->failed() - failed_before), all, rate, 1e3 * all / tokens,
                   rate / totals_.first_rate, overlap, tokens / awaiting},
                  {rate, original_ ? predecessor::original_wave(size) : predecessor::no_op_wave(size)});
  return true;
}

void mixed_workload::summarise(std::uint64_t memory_before) {
  using workbench::comparison;
  const auto tokens = static_cast<double>(totals_.tokens);
  const bool same_waves = sizes_.first == 4 && totals_.tokens == predecessor::tokens_of_all_waves;
  const bool same_last = sizes_.last == predecessors_last_wave && same_waves;
  const auto beside = [](double ours, bool comparable, const workbench::figure& theirs) {
    comparison both{ours};
    if (comparable) both.theirs = theirs;
    return both;
  };
  auto& found = *found_;
  found.summarise("tokens", "tokens of all waves", unit::count, {tokens});
  found.summarise("seconds", "seconds of all waves", unit::seconds, {totals_.all});
  found.summarise(
      "tokens_per_second", "tokens/s, all waves", unit::per_second,
      beside(tokens / totals_.all, same_waves, original_ ? predecessor::original_rate : predecessor::no_op_rate));
  found.summarise("best_tokens_per_second", "tokens/s, best wave", unit::per_second, {totals_.best_rate});
  found.summarise("milliseconds_per_token", "ms/token, all waves", unit::milliseconds, {1e3 * totals_.all / tokens});
  found.summarise(
      "last_tokens_per_second_after_submission", "tokens/s awaited, last wave", unit::per_second,
      beside(static_cast<double>(sizes_.last) / totals_.last_awaiting, same_last,
             original_ ? predecessor::original_rate_after_submission : predecessor::no_op_rate_after_submission));
  if (original_) {
    found.summarise("plain_loop_seconds", "seconds of a plain loop, last wave", unit::seconds, {plain_loop_});
    found.summarise("times_a_plain_loop", "times as fast as a plain loop, last wave", unit::times,
                    {plain_loop_ / totals_.last_all});
  }
  found.summarise("memory_before", "memory before", unit::bytes, {static_cast<double>(memory_before)});
  found.summarise("memory_after", "memory after", unit::bytes,
                  beside(static_cast<double>(workbench::resident_bytes()), same_waves,
                         original_ ? predecessor::original_memory : predecessor::no_op_memory));
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<mixed_workload>(); }

}  // namespace tokengate::mixed
