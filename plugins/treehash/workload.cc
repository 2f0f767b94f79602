#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <tokengate/plugins/program/usage.h>
#include <tokengate/plugins/treehash/progress.h>
#include <tokengate/plugins/treehash/workload.h>

namespace tokengate::treehash {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto glance = 20ms;         // how soon an interrupt is noticed
constexpr auto redraw = 100ms;        // how often the progress line changes
constexpr auto survey_after = 300ms;  // shorter runs need no estimate
constexpr auto patience_after_interrupt = 60ms;

constexpr const char* more_help = R"(Output:
  One line per file, as sha256sum prints it, sorted by path in byte order. Paths are spelled as `find PATH -type f`
  spells them; a file that is reached twice by the same spelling is listed once. Symbolic links are not followed, but
  for PATHs themselves. With --output the file appears complete or not at all, and is not listed itself.
  A PATH that cannot be opened leaves the FILE of --output as it was.
  What cannot be hashed (unreadable, vanished or changed meanwhile, a FIFO, a socket, a device) is reported on standard
  error, and the rest is done.

Examples:
  tokengate run treehash ~/photos --output photos.sha256
  tokengate run treehash --check photos.sha256 --quiet
  tokengate run treehash /srv/a /srv/b --algorithm xxh3 --storage insane --stats
  find . -name '*.iso' -exec sha256sum {} + | tokengate run treehash --check -

Exit codes:
  0  all files were hashed, or verified
  1  something was reported
  2  wrong usage
  130, 143  interrupted by Ctrl-C or SIGTERM)";

std::optional<storage_speed> storage_named(std::string_view name) {
  if (name == "slow") return storage_speed::slow;
  if (name == "moderate") return storage_speed::moderate;
  if (name == "fast") return storage_speed::fast;
  if (name == "insane") return storage_speed::insane;
  return std::nullopt;
}

class treehash_workload final : public program::workload {
 public:
  void add_options(CLI::App& command) override;
  void check_options(std::vector<std::string> after_dashes) override;
  int run(const program::environment& around) override;

 private:
  int hash();
  int verify();
  template <class Result, class Describe>
  bool finish(const token<Result>& work, Describe&& describe);
  int conclude(bool passed) const;
  void tell_what_was_done(std::string_view end) const;

  std::vector<std::string> paths_;
  std::string algorithm_name_ = "sha256";
  std::string storage_name_ = "fast";
  std::string output_path_;
  std::string list_;
  verification_options verification_;

  // What tokens refer to.
  std::optional<replaced_file> output_;
  std::optional<job> job_;
  list_progress list_progress_;
  totals totals_;

  const program::environment* around_ = nullptr;
  clock::time_point start_;
};

void treehash_workload::add_options(CLI::App& command) {
  command.footer(more_help);
  const auto named = [](const std::string& given) { return std::string(given.empty() ? "the name is empty" : ""); };
  command
      .add_option("PATH", paths_, "Directories and files to hash")
      // Never enough of them: an option that takes "the rest" would have CLI11 split a path like [a,b] in two.
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(CLI::detail::expected_max_vector_size - 1, CLI::detail::expected_max_vector_size)
      ->allow_extra_args(false)
      ->type_name("");
  command.add_option("-a,--algorithm", algorithm_name_, "sha256 (default), sha512, blake2b512 or xxh3")
      ->check([](const std::string& given) {
        return algorithm_named(given) ? "" : "there is no '" + given + "', choose sha256, sha512, blake2b512 or xxh3";
      })
      ->type_name("NAME");
  command
      .add_option("-s,--storage", storage_name_,
                  "What the storage bears at once: slow, moderate, fast (default), insane")
      ->check([](const std::string& given) {
        return storage_named(given) ? "" : "there is no '" + given + "', choose slow, moderate, fast or insane";
      })
      ->type_name("NAME");
  command.add_option("-o,--output", output_path_, "Write the list to this file, as a whole or not at all")
      ->check(named)
      ->type_name("FILE");
  command.add_option("-c,--check", list_, "Verify the files of this list (- is standard input) instead")
      ->check(named)
      ->type_name("FILE");
  command.add_flag("-q,--quiet", verification_.quiet, "With --check: say nothing of files that are as they should be");
  command.add_flag("--status", verification_.status, "With --check: say nothing, the exit code tells");
  command.add_flag("--ignore-missing", verification_.ignore_missing, "With --check: pass over files that do not exist");
  command.add_flag("--strict", verification_.strict, "With --check: fail for malformed lines, too");
  command.add_flag("-w,--warn", verification_.warn, "With --check: report each malformed line");
}

void treehash_workload::check_options(std::vector<std::string> after_dashes) {
  std::move(after_dashes.begin(), after_dashes.end(), std::back_inserter(paths_));
  const auto& v = verification_;
  if (list_.empty()) {
    if (v.quiet || v.status || v.ignore_missing || v.strict || v.warn) {
      throw program::usage_error("--quiet, --status, --ignore-missing, --strict and --warn need --check");
    }
    if (paths_.empty()) throw program::usage_error("give a PATH to hash, or --check and a list");
  } else {
    if (!paths_.empty()) throw program::usage_error("--check verifies what its list names: leave the PATHs out");
    if (!output_path_.empty()) throw program::usage_error("--check writes no list: leave --output out");
  }
  if (std::find(paths_.begin(), paths_.end(), "") != paths_.end()) {
    throw program::usage_error("a PATH is empty: write . for the current directory");
  }
}

int treehash_workload::run(const program::environment& around) {
  around_ = &around;
  start_ = clock::now();
  job_.emplace(*algorithm_named(algorithm_name_), *storage_named(storage_name_), around.messages, around.interrupted,
               around.cores + 1);
  return list_.empty() ? hash() : verify();
}

int treehash_workload::hash() {
  if (!output_path_.empty()) job_->output = &output_.emplace(output_path_);
  std::sort(paths_.begin(), paths_.end());
  paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());

  progress shown(start_);
  token<void> ahead;
  auto work = hash_forest(forest_request{&*job_, paths_});
  const bool finished = finish(work, [&](clock::time_point now) {
    if (!ahead.valid() && now - start_ > survey_after) ahead = survey(paths_, &totals_);
    return shown.text(now, job_->done, totals_);
  });
  totals_.cancelled.store(true, std::memory_order_relaxed);
  bool begun = false;
  if (finished && !job_->stopping()) {
    if (ahead.valid()) ahead.wait();
    const forest found = work.get();
    if (output_ && job_->done.missing_path.load(std::memory_order_relaxed)) {
      // A mistyped or unmounted path must not cost a good list.
      output_->discard();
      job_->messages.message(report::quoted_name(output_path_).append(": was left as it was, a path is missing"));
      return conclude(true);
    }
    buffered_writer out(output_ ? output_->descriptor() : STDOUT_FILENO, output_ ? output_path_ : "standard output");
    begun = true;
    write_lines(found, out, [this] { return job_->stopping(); });
    if (!job_->stopping()) {
      out.flush();
      if (output_) output_->commit();
      return conclude(true);
    }
  }
  if (output_) output_->discard();
  tell_what_was_done(begun && !output_ ? "interrupted; the list is incomplete" : "interrupted; no list was written");
  return 1;
}

int treehash_workload::verify() {
  progress shown(start_);
  auto work = verify_list(verification_request{&*job_, list_, verification_, &list_progress_});
  const bool finished =
      finish(work, [&](clock::time_point now) { return shown.text(now, job_->done, list_progress_); });
  if (finished && !job_->stopping()) return conclude(work.get() == verdict::passed);
  tell_what_was_done("interrupted; the rest was not verified");
  return 1;
}

/// Waits for the token, with a progress line. False after an interrupt; then the token may still be running.
template <class Result, class Describe>
bool treehash_workload::finish(const token<Result>& work, Describe&& describe) {
  report::console& console = job_->messages;
  auto last = start_;
  bool ended = false;
  while (!ended && !job_->stopping()) {
    ended = work.wait_for(glance);
    const auto now = clock::now();
    if (ended || !console.interactive() || now - last < redraw) continue;
    last = now;
    console.progress(describe(now));
  }
  if (!ended) static_cast<void>(work.wait_for(patience_after_interrupt));
  console.end_progress();
  return ended;
}

int treehash_workload::conclude(bool passed) const {
  if (around_->statistics) tell_what_was_done("done");
  const bool complaints = list_.empty() && job_->done.problems.load(std::memory_order_relaxed) > 0;
  return passed && !complaints ? 0 : 1;
}

void treehash_workload::tell_what_was_done(std::string_view end) const {
  const auto time = clock::now() - start_;
  const std::uint64_t bytes = job_->done.bytes.load(std::memory_order_relaxed);
  const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-9);
  job_->messages.message(report::count_text(job_->done.files.load(std::memory_order_relaxed)) + " files (" +
                         report::bytes_text(bytes) + ") " + (list_.empty() ? "hashed" : "verified") + " in " +
                         report::duration_text(time) + " (" +
                         report::bytes_text(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)) +
                         "/s); " + std::string(end));
}

}  // namespace

std::unique_ptr<program::workload> make_workload() { return std::make_unique<treehash_workload>(); }

}  // namespace tokengate::treehash
