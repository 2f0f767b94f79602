#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/checksum_line.h>
#include <tokengate/plugins/treehash/children.h>
#include <tokengate/plugins/treehash/list_reader.h>
#include <tokengate/plugins/treehash/operations.h>
#include <tokengate/plugins/treehash/verification.h>

namespace tokengate::treehash {
namespace {

// So many files are under way at once. What is to be said of them is said when all have ended, in the order of the
// list.
constexpr std::size_t most_under_way = 256;

class verification {
 public:
  explicit verification(const verification_request& request)
      : shared_(*request.shared),
        options_(request.options),
        progress_(*request.progress),
        from_stdin_(request.list == "-"),
        list_name_(report::quoted_name(from_stdin_ ? "standard input" : request.list)),
        parser_(shared_.kind),
        out_(STDOUT_FILENO, "standard output") {
    checks_.reserve(most_under_way);
  }

  verdict run(const std::string& path) {
    std::optional<list_reader> list;
    try {
      list.emplace(path);
    } catch (const io::io_error& failure) {
      return refuse(reason_of(failure.code()));
    }
    progress_.size.store(list->size(), std::memory_order_relaxed);
    while (const auto line = shared_.stopping() ? std::nullopt : next_line(*list)) {
      take(*line);
      if (checks_.size() == most_under_way) settle();
      progress_.taken.store(list->bytes_taken(), std::memory_order_relaxed);
    }
    settle();
    if (shared_.stopping()) return verdict::failed;
    return unreadable_ ? refuse("read error") : judge();
  }

 private:
  struct check {
    checksum_entry entry;
    file_outcome outcome;
  };

  void complain(std::string_view text) { shared_.messages.message(text); }

  verdict refuse(std::string_view reason) {
    complain(list_name_ + ": " + std::string(reason));
    return verdict::failed;
  }

  std::optional<std::string_view> next_line(list_reader& list) {
    try {
      return list.next();
    } catch (const io::io_error&) {
      unreadable_ = true;
      return std::nullopt;
    }
  }

  void take(std::string_view line) {
    ++lines_;
    if (line.empty() || line.front() == '#') return;
    auto entry = parser_.parse(line);
    const bool is_stdin = entry && entry->path == "-";
    // A list on standard input cannot hold the digest of standard input.
    if (!entry || (is_stdin && from_stdin_)) {
      ++malformed_;
      if (options_.warn) {
        complain(list_name_ + ": " + std::to_string(lines_) + ": improperly formatted " +
                 std::string(facts(shared_.kind).tag) + " checksum line");
      }
      return;
    }
    ++well_formed_;
    check& added = checks_.emplace_back(check{std::move(*entry), {}});
    if (is_stdin) {
      added.outcome = hash_stream(shared_, STDIN_FILENO);
      return;
    }
    const char* const path = added.entry.path.c_str();
    small_.add(checks_.size() - 1,
               hash_file(shared_.storage, file_request{&shared_, nullptr, path, links::followed, true}));
  }

  void settle() {
    small_.finish_newest(0, [this](std::size_t which, file_outcome outcome) {
      if (outcome.big != nullptr) {
        big_.add(which, hash_big_file(shared_.storage, big_file_request{&shared_, std::move(outcome.big)}));
      } else {
        checks_[which].outcome = std::move(outcome);
      }
    });
    big_.finish_newest(
        0, [this](std::size_t which, file_outcome outcome) { checks_[which].outcome = std::move(outcome); });
    for (const check& each : checks_) {
      if (!shared_.stopping()) tell(each.entry, each.outcome);
    }
    checks_.clear();
    if (!out_.text().empty()) shared_.messages.end_progress();  // it may stand on the same terminal
    out_.flush();
  }

  void tell(const checksum_entry& entry, const file_outcome& outcome) {
    if (!outcome.hashed()) {
      if (outcome.missing && options_.ignore_missing) return;
      shared_.complain(entry.path, outcome.problem);
      ++not_read_;
      say(entry.path, "FAILED open or read");
      return;
    }
    shared_.done.files.fetch_add(1, std::memory_order_relaxed);
    shared_.done.bytes.fetch_add(outcome.bytes, std::memory_order_relaxed);
    if (outcome.value != entry.expected) {
      ++mismatched_;
      say(entry.path, "FAILED");
    } else {
      ++matched_;
      if (!options_.quiet) say(entry.path, "OK");
    }
  }

  void say(std::string_view path, std::string_view what) {
    if (options_.status) return;
    std::string& text = out_.text();
    // Here, unlike in lists, only a newline makes sha256sum escape a name.
    if (path.find('\n') == std::string_view::npos) {
      text += path;
    } else {
      text += '\\';
      append_escaped(text, path);
    }
    text.append(": ").append(what).append("\n");
  }

  void warn(std::uint64_t count, std::string_view one, std::string_view several) {
    if (count != 0) complain("WARNING: " + std::to_string(count) + ' ' + std::string(count == 1 ? one : several));
  }

  verdict judge() {
    if (well_formed_ == 0) return refuse("no properly formatted checksum lines found");
    if (!options_.status) {
      warn(malformed_, "line is improperly formatted", "lines are improperly formatted");
      warn(not_read_, "listed file could not be read", "listed files could not be read");
      warn(mismatched_, "computed checksum did NOT match", "computed checksums did NOT match");
      if (options_.ignore_missing && matched_ == 0) refuse("no file was verified");
    }
    const bool strictly_well_formed = !options_.strict || malformed_ == 0;
    return matched_ > 0 && mismatched_ == 0 && not_read_ == 0 && strictly_well_formed ? verdict::passed
                                                                                      : verdict::failed;
  }

  job& shared_;
  const verification_options options_;
  list_progress& progress_;
  const bool from_stdin_;
  const std::string list_name_;
  checksum_parser parser_;
  buffered_writer out_;

  std::uint64_t lines_ = 0;
  std::uint64_t well_formed_ = 0;
  std::uint64_t malformed_ = 0;
  std::uint64_t matched_ = 0;
  std::uint64_t mismatched_ = 0;
  std::uint64_t not_read_ = 0;
  bool unreadable_ = false;

  std::vector<check> checks_;  // never grows beyond its capacity: children read the paths
  children<file_outcome, std::size_t> small_;
  children<file_outcome, std::size_t> big_;
};

}  // namespace

TOKENGATE_DEFINE(verdict, verify_list, (verification_request request)) {
  return verification(request).run(request.list);
}

}  // namespace tokengate::treehash
