// How much there will be to hash: a look ahead for the progress line.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <tokengate/core/registry.h>

namespace tokengate::treehash {

/// Relaxed, any thread: numbers to be shown.
struct totals {
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> complete{false};
  std::atomic<bool> cancelled{false};  ///< makes the survey end early
};

/// Counts regular files below the paths as hash_forest will meet them. Stays out of the cores' way: the walk blocks a
/// thread of io::blocking instead. What cannot be read is passed over, hashing will complain about it. `counted` stays
/// until the token has ended.
TOKENGATE_DECLARE(void, survey, (std::vector<std::string> paths, totals* counted), weight::light)

}  // namespace tokengate::treehash
