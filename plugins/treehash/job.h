// What all tokens of one run of treehash share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include <tokengate/core/tags.h>
#include <tokengate/plugins/report/console.h>
#include <tokengate/plugins/report/human.h>
#include <tokengate/plugins/treehash/algorithm.h>
#include <tokengate/plugins/treehash/big_file.h>
#include <tokengate/plugins/treehash/output.h>

namespace tokengate::treehash {

/// What has been done so far. Any thread; relaxed, as each number is only shown.
struct tally {
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> problems{0};  ///< things that were reported and left out
  std::atomic<bool> missing_path{false};   ///< one of them is a path that the user named
};

/// Outlives the tokens of the run.
struct job {
  algorithm kind;
  storage_speed storage;
  report::console& messages;
  int (*interrupted)() noexcept;
  const replaced_file* output = nullptr;  ///< is not hashed itself
  big_file_pool big_files;
  tally done;

  job(algorithm wanted, storage_speed tier, report::console& console, int (*interrupt)() noexcept,
      unsigned most_big_files)
      : kind(wanted), storage(tier), messages(console), interrupted(interrupt), big_files(most_big_files) {}

  /// True once the user wants an end: finish what is begun, begin nothing.
  [[nodiscard]] bool stopping() const noexcept { return interrupted() != 0; }

  /// Tells the user that `path` is left out, and why.
  void complain(std::string_view path, std::string_view reason) {
    done.problems.fetch_add(1, std::memory_order_relaxed);
    messages.message(report::quoted_name(path).append(": ").append(reason));
  }
};

}  // namespace tokengate::treehash
