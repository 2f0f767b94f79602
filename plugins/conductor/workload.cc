#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <tokengate/plugins/conductor/recompute.h>
#include <tokengate/plugins/conductor/verdict.h>
#include <tokengate/plugins/conductor/workload.h>
#include <tokengate/plugins/program/usage.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>

namespace tokengate::conductor {
namespace {

using namespace std::chrono_literals;
using workbench::clock;
using workbench::seconds;
using workbench::unit;

constexpr std::uint64_t most_leads = 10'000'000, most_children = 100'000, most_depth = 20, most_tokens = 100'000'000;
constexpr std::uint64_t leads_that_look = 16;  // for a look goes through all domains
constexpr std::size_t listed_leads = 1'000, shown_leads = 8;

constexpr const char* more_help =
    R"(Every token looks on which core it is, which seed it has and whose domain it is in, when it begins and after it has slept.

Columns:
  at       seconds since the first submission; "leads at work" is what one of the first leads saw
  domains  that were open at that moment; pending: tokens of them that had not ended
  of one   pending in the largest of them
  by core  domains of each core

Examples:
  tokengate run conductor
  tokengate run conductor --leads 100000 --in-flight 1000 --hold 1ms
  tokengate run conductor --depth 3 --nested 2 --domain preferred --digest fast)";

token<lead_end> call(const auto& lead, const plan& all, std::uint64_t nested, bool looks) {
  return lead(&all, nested, looks);
}

/// The operation of each choice of digest and domain.
struct variant {
  std::string_view digest, domain;
  digest_policy policy;
  std::string_view name;
  token<lead_end> (*lead)(const plan& all, std::uint64_t nested, bool looks);
};
#define TOKENGATE_VARIANT(digest, policy, domain)                         \
  variant {                                                               \
    #digest, #domain, digest_policy::policy, "lead_" #digest "_" #domain, \
        [](const plan& all, std::uint64_t nested, bool looks) {           \
          return call(lead_##digest##_##domain, all, nested, looks);      \
        }                                                                 \
  }
constexpr std::array variants{
    TOKENGATE_VARIANT(full, full, bound),       TOKENGATE_VARIANT(full, full, preferred),
    TOKENGATE_VARIANT(short, short_, bound),    TOKENGATE_VARIANT(short, short_, preferred),
    TOKENGATE_VARIANT(fast, fast, bound),       TOKENGATE_VARIANT(fast, fast, preferred),
    TOKENGATE_VARIANT(minimal, minimal, bound), TOKENGATE_VARIANT(minimal, minimal, preferred),
};
#undef TOKENGATE_VARIANT

std::uint64_t pending_in(const std::vector<domain_status>& domains) {
  std::uint64_t pending = 0;
  for (const auto& each : domains) pending += each.pending;
  return pending;
}

class conductor_workload final : public workbench::experiment {
 private:
  void declare_options(CLI::App& command) override;
  void check_settings() override;
  workbench::measurements blank() const override;
  void measure(const program::environment& around, workbench::measurements& found, workbench::checker& judge) override;

  [[nodiscard]] std::uint64_t leads_in_all() const { return leads_ * (1 + nested_); }
  bool lead();
  void take(std::uint64_t number, outcome<lead_end> result);
  void note(const std::string& name, const lead_end& one);
  bool collect_late();
  void take_snapshot(const std::string& when);
  void show_snapshot(const std::string& when, clock::time_point time, const std::vector<domain_status>& domains);
  void judge_statistics();
  void summarise(double elapsed);

  std::uint64_t leads_ = 3, in_flight_ = 0, nested_ = 0;
  std::string digest_ = "full", domain_ = "bound";
  plan plan_{nullptr, nullptr, 150ms, 4, 1, 0, false};

  const program::environment* around_ = nullptr;
  workbench::measurements* found_ = nullptr;
  workbench::checker* judge_ = nullptr;
  const variant* variant_ = nullptr;
  expectation wanted_;
  clock::time_point start_;
  family family_;                     // of all leads
  std::vector<std::uint64_t> seeds_;  // their fingerprints
  std::uint64_t repeated_seeds_ = 0;
  struct late_one {
    std::uint64_t number;  // of the lead
    lead_facts facts;
    std::vector<token<family>> tokens;
  };
  std::vector<late_one> late_;
  lead_end fullest_look_;
  std::uint64_t domains_left_ = 0;
  std::vector<std::vector<workbench::cell>> lead_rows_;
};

std::string one_of(const std::string& given, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), given) != names.end()) return {};
  std::string all;
  for (const auto& each : names) all += (all.empty() ? "" : each == names.back() ? " or " : ", ") + each;
  return "there is no '" + given + "', choose " + all;
}

void add_choice(CLI::App& command, const std::string& name, std::string& value, std::vector<std::string> names,
                const std::string& help) {
  command.add_option(name, value, help + " (default " + value + ")")
      ->check([names = std::move(names)](const std::string& given) { return one_of(given, names); })
      ->type_name("NAME");
}

void conductor_workload::declare_options(CLI::App& command) {
  command.footer(more_help);
  workbench::add_count(command, "--leads", leads_, most_leads, "Leads (default 3)");
  workbench::add_count(command, "--in-flight", in_flight_, most_leads, "Only so many of them at once (default: all)");
  workbench::add_count(command, "--children", plan_.children, most_children, "Children of each lead (default 4)");
  workbench::add_count(command, "--depth", plan_.depth, most_depth,
                       "Generations: 2 gives each child as many children of its own (default 1)");
  workbench::add_count(command, "--nested", nested_, most_children,
                       "Leads that each lead calls, with families of their own (default: none)");
  workbench::add_count(command, "--undeclared", plan_.undeclared, most_children,
                       "Tokens that each lead calls without declaring it (default: none)");
  workbench::add_duration(command, "--hold", plan_.hold, "How long every child sleeps");
  add_choice(command, "--digest", digest_, {"full", "short", "fast", "minimal"}, "How seeds are written");
  add_choice(command, "--domain", domain_, {"bound", "preferred"},
             "bound: children stay on the lead's core; preferred: idle cores may take them");
  command.add_flag("--late", plan_.late, "Leads end before their children, which are waited for outside");
}

void conductor_workload::check_settings() {
  if (in_flight_ > leads_) {
    throw program::usage_error("--in-flight " + std::to_string(in_flight_) + " is more than --leads " +
                               std::to_string(leads_));
  }
  std::uint64_t generation = 1, tokens = plan_.undeclared;
  for (std::uint64_t i = 0; i < plan_.depth && tokens <= most_tokens; ++i) {
    generation *= plan_.children;
    tokens += generation;
  }
  if (tokens > most_tokens || (tokens + 1) * leads_in_all() > most_tokens) {
    throw program::usage_error("these leads and their families make more than " + report::count_text(most_tokens) +
                               " tokens");
  }
  variant_ = std::find_if(variants.begin(), variants.end(),
                          [this](const variant& each) { return each.digest == digest_ && each.domain == domain_; });
  plan_.lead = variant_->lead;
  wanted_ = {.operation = variant_->name,
             .digest = variant_->policy,
             .bound = domain_ == "bound",
             .direct = plan_.children + plan_.undeclared,
             .family = tokens,
             .undeclared = plan_.undeclared};
}

workbench::measurements conductor_workload::blank() const {
  workbench::measurements found("conductor",
                                {{"when", "when", unit::text},
                                 {"at", "at", unit::seconds},
                                 {"domains", "domains", unit::count},
                                 {"pending", "pending", unit::count},
                                 {"most_of_one", "of one", unit::count},
                                 {"by_core", "by core", unit::text}},
                                std::nullopt);
  found.set("leads", static_cast<double>(leads_));
  found.set("children", static_cast<double>(plan_.children));
  found.set("depth", static_cast<double>(plan_.depth));
  found.set("nested", static_cast<double>(nested_));
  found.set("undeclared", static_cast<double>(plan_.undeclared));
  found.set("hold", seconds(plan_.hold));
  found.set("digest", digest_);
  found.set("domain", domain_);
  found.set("late", std::string(plan_.late ? "yes" : "no"));
  return found;
}

void conductor_workload::measure(const program::environment& around, workbench::measurements& found,
                                 workbench::checker& judge) {
  around_ = &around;
  found_ = &found;
  judge_ = &judge;
  plan_.system = &around.system;
  seeds_.reserve(leads_in_all());
  start_ = clock::now();
  const bool complete = lead() && collect_late();
  const double elapsed = seconds(clock::now() - start_);
  if (!complete) return;
  take_snapshot("afterwards");
  judge_statistics();
  summarise(elapsed);
}

/// Submits all leads and takes what they return. False after an interrupt.
bool conductor_workload::lead() {
  around_->messages.progress("leads");
  workbench::flight<lead_end> under_way(in_flight_ == 0 ? leads_ : in_flight_, around_->interrupted);
  const auto taker = [this](std::uint64_t number, outcome<lead_end> result) { take(number, std::move(result)); };
  while (under_way.added() < leads_ && under_way.make_room(taker) && around_->interrupted() == 0)
    under_way.add(plan_.lead(plan_, nested_, under_way.added() < leads_that_look));
  const bool complete = under_way.drain(taker) && under_way.taken() == leads_;
  if (!fullest_look_.domains.empty()) show_snapshot("leads at work", fullest_look_.looked_at, fullest_look_.domains);
  if (complete && plan_.late) take_snapshot("all leads have ended");
  return complete;
}

void conductor_workload::take(std::uint64_t number, outcome<lead_end> result) {
  if (!result) return judge_->note_failure("lead", number, result.error());
  lead_end one = std::move(result).value();
  const std::string name = "lead " + report::count_text(number + 1);
  const bool looked = number < leads_that_look;
  const std::string wrong = fault(one, wanted_, looked, !plan_.late);
  judge_->require(wrong.empty(), name + ' ' + wrong);
  note(std::to_string(number + 1), one);
  for (std::size_t i = 0; i < one.nested.size(); ++i)
    note(std::to_string(number + 1) + '.' + std::to_string(i + 1), one.nested[i]);
  if (plan_.late) {
    for (auto& inner : one.nested) late_.push_back({number, std::move(inner.facts), std::move(inner.late)});
    late_.push_back({number, one.facts, std::move(one.late)});
  }
  if (pending_in(one.domains) > pending_in(fullest_look_.domains)) fullest_look_ = std::move(one);
}

void conductor_workload::note(const std::string& name, const lead_end& one) {
  seeds_.push_back(fingerprint(one.facts.seed));
  family_ += one.found;
  if (lead_rows_.size() == listed_leads) return;
  workbench::cell tokens, elsewhere, pending;
  if (!plan_.late) {
    tokens = static_cast<double>(one.found.tokens);
    elsewhere = static_cast<double>(one.found.elsewhere);
  }
  if (const auto* const seen = own_domain(one)) pending = static_cast<double>(seen->pending);
  lead_rows_.push_back({name, std::to_string(one.facts.id), static_cast<double>(one.facts.core), pending, tokens,
                        elsewhere, one.facts.seed, text_of(one.facts.id, variant_->name)});
}

/// False after an interrupt.
bool conductor_workload::collect_late() {
  for (auto& each : late_) {
    family found;
    for (auto& token : each.tokens) {
      if (!workbench::wait_for(token, around_->interrupted)) return false;
      outcome<family> result(std::move(token));
      if (result)
        found += result.value();
      else
        judge_->note_failure("children of lead", each.number, result.error());
    }
    const std::string wrong = fault(each.facts, found, wanted_);
    judge_->require(wrong.empty(), "lead " + report::count_text(each.number + 1) + ' ' + wrong);
    family_ += found;
  }
  return around_->interrupted() == 0;
}

void conductor_workload::take_snapshot(const std::string& when) {
  const auto domains = around_->system.domains();
  domains_left_ = domains.size();
  show_snapshot(when, clock::now(), domains);
}

void conductor_workload::show_snapshot(const std::string& when, clock::time_point time,
                                       const std::vector<domain_status>& domains) {
  std::uint64_t most = 0;
  std::vector<std::uint64_t> on_core(around_->cores);
  for (const auto& each : domains) {
    most = std::max(most, each.pending);
    ++on_core[each.core];
  }
  std::string by_core;
  for (const std::uint64_t count : on_core) by_core += (by_core.empty() ? "" : " ") + std::to_string(count);
  found_->add_row({when, seconds(time - start_), static_cast<double>(domains.size()),
                   static_cast<double>(pending_in(domains)), static_cast<double>(most), by_core});
}

void conductor_workload::judge_statistics() {
  const auto complain = [this](std::uint64_t got, std::uint64_t right, const std::string& what) {
    judge_->require(got == right, report::count_text(got) + ' ' + what + " instead of " + report::count_text(right));
  };
  judge_->require(domains_left_ == 0,
                  "domains that are open although no token is left: " + report::count_text(domains_left_));
  std::uint64_t elsewhere = 0;
  for (const auto& core : around_->system.statistics_of_cores()) elsewhere += core.for_other_domains;
  complain(elsewhere, family_.elsewhere, "tokens are counted for leads of other cores");
  for (const auto& operation : around_->system.statistics()) {
    if (operation.name == variant_->name)
      complain(operation.undeclared, leads_in_all() * plan_.undeclared, "undeclared calls are counted");
  }
  std::sort(seeds_.begin(), seeds_.end());
  const auto distinct = std::unique(seeds_.begin(), seeds_.end()) - seeds_.begin();
  repeated_seeds_ = seeds_.size() - static_cast<std::uint64_t>(distinct);
  // 32 bits repeat by chance: in 10,000 leads once in a hundred runs.
  judge_->require(repeated_seeds_ == 0 || variant_->policy == digest_policy::minimal,
                  report::count_text(repeated_seeds_) + " leads have the seed of another one");
}

void conductor_workload::summarise(double elapsed) {
  auto& found = *found_;
  const auto add = [&found](const char* key, const char* label, unit as, double value) {
    found.summarise(key, label, as, {value});
  };
  const auto tokens = static_cast<double>(leads_in_all() + family_.tokens);
  add("leads", "leads", unit::count, static_cast<double>(leads_in_all()));
  add("tokens", "tokens", unit::count, tokens);
  add("seconds", "seconds", unit::seconds, elapsed);
  add("tokens_per_second", "tokens/s", unit::per_second, tokens / elapsed);
  add("with_their_lead", "children on their lead's core", unit::count,
      static_cast<double>(family_.tokens - family_.elsewhere));
  add("elsewhere", "children on other cores", unit::count, static_cast<double>(family_.elsewhere));
  add("other_seed", "children with another seed", unit::count, static_cast<double>(family_.other_seed));
  add("repeated_seeds", "leads with the seed of another", unit::count, static_cast<double>(repeated_seeds_));
  add("undeclared", "undeclared calls", unit::count, static_cast<double>(leads_in_all() * plan_.undeclared));
  add("domains_left", "domains open afterwards", unit::count, static_cast<double>(domains_left_));
  found.list("conducted", "Leads (seed = digest of the last column)",
             {{"lead", "lead", unit::text},
              {"id", "id", unit::text},
              {"core", "core", unit::count},
              {"pending", "pending", unit::count},
              {"family", "family", unit::count},
              {"elsewhere", "elsewhere", unit::count},
              {"seed", "seed", unit::text},
              {"seed_of", "of", unit::text}},
             std::move(lead_rows_), shown_leads);
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<conductor_workload>(); }

}  // namespace tokengate::conductor
