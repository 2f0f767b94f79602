// Verifying the files that a list of checksums names, as `sha256sum --check` does.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <tokengate/plugins/treehash/job.h>

namespace tokengate::treehash {

/// What is said of the files and what makes the verification fail; named as sha256sum names it.
struct verification_options {
  bool quiet = false;
  bool status = false;
  bool warn = false;
  bool strict = false;
  bool ignore_missing = false;
};

/// How far the list is; for a progress line. Relaxed, any thread.
struct list_progress {
  std::atomic<std::uint64_t> size{0};  ///< in bytes; 0 if nobody knows
  std::atomic<std::uint64_t> taken{0};
};

struct verification_request {
  job* shared;
  std::string list;  ///< `-` is standard input
  verification_options options;
  list_progress* progress;
};

enum class verdict : bool { failed, passed };

}  // namespace tokengate::treehash
