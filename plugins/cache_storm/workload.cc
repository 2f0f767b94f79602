#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <tokengate/plugins/cache_storm/story.h>
#include <tokengate/plugins/cache_storm/workload.h>
#include <tokengate/plugins/program/usage.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>

namespace tokengate::cache_storm {
namespace {

using namespace std::chrono_literals;
using workbench::clock;
using workbench::seconds;
using workbench::unit;

constexpr std::uint64_t most_keys = 1'000'000, most_waves = 10'000, most_tokens = 5'000'000;
constexpr std::uint64_t tokens_that_look = 16;  // for a look goes through all pins
constexpr std::size_t checked_snapshots = 16, shown_keys = 16;
constexpr std::uint64_t key_step = 101;  // as in the predecessor's test: 101, 202, 303, 404

constexpr const char* more_help =
    R"(One token a key comes first. Then wave after wave, while those before are still in flight. Every token sleeps for --hold,
so the tokens of a key overlap, and have to be on one core.

Columns:
  at          seconds since the first submission
  submitted   tokens until then
  keys, held  pins at that moment, and the tokens in flight that they are for
  most        of them for a single key
  by core     keys pinned to each core

Examples:
  tokengate run cache-storm
  tokengate run cache-storm --keys 10000 --waves 20 --every 5ms --hold 50ms
  tokengate run cache-storm --exclusive --hold 20ms)";

std::string hex(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, number);
  return text.data();
}

class storm_workload final : public workbench::experiment {
 private:
  void declare_options(CLI::App& command) override;
  void check_settings() override;
  workbench::measurements blank() const override;
  void measure(const program::environment& around, workbench::measurements& found, workbench::checker& judge) override;

  [[nodiscard]] std::uint64_t all_tokens() const { return keys_ + waves_ * keys_ * tokens_; }
  [[nodiscard]] static std::uint64_t name_of(std::uint64_t key) { return key_step * (key + 1); }
  void submit_wave(std::uint64_t tokens);
  bool pause_until(clock::time_point time) const;
  void take_snapshot(const std::string& when);
  bool collect();
  void judge_visit(std::uint64_t number, outcome<visit>& result);
  void judge_keys();
  void summarise(double elapsed);

  std::uint64_t keys_ = 4, waves_ = 6, tokens_ = 1;
  std::chrono::nanoseconds hold_ = 1500ms, every_ = 60ms;
  bool exclusive_ = false;

  const program::environment* around_ = nullptr;
  workbench::measurements* found_ = nullptr;
  workbench::checker* judge_ = nullptr;
  clock::time_point start_;
  std::vector<desk> desks_;                    // by key
  std::vector<token<visit>> in_flight_;        // in the order of submission; number i is of key i % keys_
  std::vector<clock::time_point> submitted_;   // by number
  std::vector<std::vector<seen_visit>> seen_;  // by key
  std::vector<snapshot> snapshots_;
  std::vector<std::vector<workbench::cell>> key_rows_;
  std::uint64_t split_ = 0, moves_ = 0, late_ = 0, most_inside_ = 0, most_held_ = 0;
};

void storm_workload::declare_options(CLI::App& command) {
  command.footer(more_help);
  workbench::add_count(command, "--keys", keys_, most_keys, "Keys: 101, 202, 303 ... (default 4)");
  workbench::add_count(command, "--waves", waves_, most_waves, "Waves after the first token of each key (default 6)");
  workbench::add_count(command, "--tokens", tokens_, most_tokens, "Tokens of each key in a wave (default 1)");
  workbench::add_duration(command, "--every", every_, "From wave to wave");
  workbench::add_duration(command, "--hold", hold_, "How long a token sleeps");
  command.add_flag("--exclusive", exclusive_, "One token of a key after the other, without interleaving");
}

void storm_workload::check_settings() {
  if (keys_ * waves_ > most_tokens || all_tokens() > most_tokens) {
    throw program::usage_error("--keys, --waves and --tokens together make more than " +
                               report::count_text(most_tokens) + " tokens");
  }
}

workbench::measurements storm_workload::blank() const {
  workbench::measurements found("cache-storm",
                                {{"when", "when", unit::text},
                                 {"at", "at", unit::seconds},
                                 {"submitted", "submitted", unit::count},
                                 {"keys", "keys", unit::count},
                                 {"held", "held", unit::count},
                                 {"most", "most", unit::count},
                                 {"by_core", "by core", unit::text}},
                                std::nullopt);
  found.set("keys", static_cast<double>(keys_));
  found.set("waves", static_cast<double>(waves_));
  found.set("tokens", static_cast<double>(tokens_));
  found.set("hold", seconds(hold_));
  found.set("every", seconds(every_));
  found.set("anchor", std::string(exclusive_ ? "strand" : "storm"));
  return found;
}

void storm_workload::measure(const program::environment& around, workbench::measurements& found,
                             workbench::checker& judge) {
  around_ = &around;
  found_ = &found;
  judge_ = &judge;
  desks_.resize(keys_);
  in_flight_.reserve(all_tokens());
  submitted_.reserve(all_tokens());
  around.messages.progress("first tokens");
  start_ = clock::now();
  submit_wave(1);
  for (std::uint64_t wave = 1; wave <= waves_; ++wave) {
    if (!pause_until(start_ + static_cast<std::int64_t>(wave) * every_)) break;
    if (wave == 1) take_snapshot("first tokens");
    around.messages.progress("wave " + report::count_text(wave));
    submit_wave(tokens_);
    take_snapshot("wave " + report::count_text(wave));
  }
  if (!collect()) return;
  const double elapsed = seconds(clock::now() - start_);
  take_snapshot("afterwards");
  judge_->require(snapshots_.back().pins.empty(), "keys that are pinned although no token is left: " +
                                                      report::count_text(snapshots_.back().pins.size()));
  judge_keys();
  summarise(elapsed);
}

/// So many of each key; fewer after an interrupt.
void storm_workload::submit_wave(std::uint64_t tokens) {
  constexpr std::uint64_t glance = 1'024;  // tokens
  for (std::uint64_t i = 0; i < tokens * keys_; ++i) {
    if (i % glance == 0 && around_->interrupted() != 0) return;
    const std::uint64_t number = in_flight_.size(), key = number % keys_;
    const visitor who{name_of(key), hold_, &desks_[key], number < tokens_that_look ? &around_->system : nullptr};
    in_flight_.push_back(exclusive_ ? storm_exclusive(who) : storm_token(who));
    submitted_.push_back(clock::now());
  }
}

/// False after an interrupt.
bool storm_workload::pause_until(clock::time_point time) const {
  constexpr auto glance = 20ms;
  for (auto now = clock::now(); now < time; now = clock::now()) {
    if (around_->interrupted() != 0) return false;
    std::this_thread::sleep_for(std::min<clock::duration>(glance, time - now));
  }
  return around_->interrupted() == 0;
}

void storm_workload::take_snapshot(const std::string& when) {
  snapshot now{clock::now(), {}, around_->system.pins()};
  now.after = clock::now();
  std::uint64_t held = 0, most = 0;
  std::vector<std::uint64_t> on_core(around_->cores);
  for (const auto& each : now.pins) {
    held += each.tokens;
    most = std::max(most, each.tokens);
    ++on_core[each.core];
  }
  most_held_ = std::max(most_held_, most);
  std::string by_core;
  for (const std::uint64_t keys : on_core) by_core += (by_core.empty() ? "" : " ") + std::to_string(keys);
  found_->add_row({when, seconds(now.before - start_), static_cast<double>(submitted_.size()),
                   static_cast<double>(now.pins.size()), static_cast<double>(held), static_cast<double>(most),
                   by_core});
  if (snapshots_.size() == checked_snapshots) snapshots_.pop_back();  // the first ones, and the last
  snapshots_.push_back(std::move(now));
}

/// Takes all results. False after an interrupt.
bool storm_workload::collect() {
  around_->messages.progress("waiting for " + report::count_text(in_flight_.size()) + " tokens");
  seen_.resize(keys_);
  for (std::uint64_t number = 0; number < in_flight_.size(); ++number) {
    if (!workbench::wait_for(in_flight_[number], around_->interrupted)) return false;
    outcome<visit> result(std::move(in_flight_[number]));
    judge_visit(number, result);
  }
  return around_->interrupted() == 0;
}

void storm_workload::judge_visit(std::uint64_t number, outcome<visit>& result) {
  const std::uint64_t key = number % keys_;
  const std::string_view name = exclusive_ ? "storm_exclusive" : "storm_token";
  if (!result) return judge_->note_failure(name, number, result.error());
  const visit& what = result.value();
  judge_->compare(name, number, what.value, square(name_of(key)));
  if (number < tokens_that_look) {
    const bool right = what.seen && what.seen->core == what.core && what.seen->tokens > 0;
    judge_->require(right, std::string(name) + " of key " + std::to_string(name_of(key)) +
                               " ran, but pins() did not show its key on its core");
  }
  seen_[key].push_back({submitted_[number], what});
}

void storm_workload::judge_keys() {
  for (std::uint64_t key = 0; key < keys_; ++key) {
    const std::string name = "key " + std::to_string(name_of(key));
    const std::uint64_t pinned = pinned_as(name_of(key), exclusive_);
    const auto& visits = seen_[key];
    const story its = tell(visits);
    if (its.split_with) ++split_;
    judge_->require(!its.split_with, name + " was on two cores at once: " + std::to_string(its.split_with.value_or(0)) +
                                         " and " + std::to_string(its.cores.empty() ? 0 : its.cores.back()));
    for (const auto& each : snapshots_) {
      const std::string wrong = contradiction(each, pinned, visits);
      judge_->require(wrong.empty(), name + ' ' + wrong);
    }
    const desk& at = desks_[key];
    judge_->require(at.visits == visits.size(), name + " counted " + report::count_text(at.visits) + " visits of " +
                                                    report::count_text(visits.size()));
    judge_->require(!exclusive_ || at.most_inside <= 1,
                    name + " is exclusive, but had " + report::count_text(at.most_inside) + " tokens inside at once");
    judge_->require(its.late == 0,
                    name + ": " + report::count_text(its.late) + " tokens began before one that was submitted earlier");
    moves_ += its.moves;
    late_ += its.late;
    most_inside_ = std::max(most_inside_, at.most_inside);
    std::string cores;
    for (const unsigned core : its.cores) cores += (cores.empty() ? "" : " ") + std::to_string(core);
    key_rows_.push_back({static_cast<double>(name_of(key)), static_cast<double>(its.tokens), cores,
                         static_cast<double>(at.most_inside), hex(pinned)});
  }
}

void storm_workload::summarise(double elapsed) {
  auto& found = *found_;
  const auto tokens = static_cast<double>(in_flight_.size());
  found.summarise("tokens", "tokens", unit::count, {tokens});
  found.summarise("seconds", "seconds", unit::seconds, {elapsed});
  found.summarise("keys_on_one_core", "keys on one core at a time", unit::count, {static_cast<double>(keys_ - split_)});
  found.summarise("keys_on_two_cores", "keys on two cores at once", unit::count, {static_cast<double>(split_)});
  found.summarise("moves", "moves of keys that nobody held", unit::count, {static_cast<double>(moves_)});
  found.summarise("begun_out_of_order", "tokens begun before an earlier one of their key", unit::count,
                  {static_cast<double>(late_)});
  found.summarise("most_inside", "most tokens of a key inside at once", unit::count,
                  {static_cast<double>(most_inside_)});
  found.summarise("most_held", "most tokens of a key in flight, as seen", unit::count,
                  {static_cast<double>(most_held_)});
  found.summarise("pins_left", "keys pinned afterwards", unit::count,
                  {static_cast<double>(snapshots_.back().pins.size())});
  found.list("pinned", "Keys",
             {{"key", "key", unit::count},
              {"tokens", "tokens", unit::count},
              {"cores", "cores", unit::text},
              {"most_inside", "most inside", unit::count},
              {"pinned_as", "pinned as", unit::text}},
             std::move(key_rows_), shown_keys);
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<storm_workload>(); }

}  // namespace tokengate::cache_storm
