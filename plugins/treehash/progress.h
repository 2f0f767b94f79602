// The line that says how far a run is.
#pragma once

#include <cstdint>
#include <string>

#include <tokengate/plugins/report/rate.h>
#include <tokengate/plugins/treehash/job.h>
#include <tokengate/plugins/treehash/survey.h>
#include <tokengate/plugins/treehash/verification.h>

namespace tokengate::treehash {

/// Used by one thread.
class progress {
 public:
  explicit progress(report::rate::clock::time_point start) noexcept : bytes_(start), list_(start) {}

  /// Of hashing; what is left is known once the survey is complete.
  [[nodiscard]] std::string text(report::rate::clock::time_point now, const tally& done, const totals& all);
  /// Of verifying; what is left is judged by how far the list has been read.
  [[nodiscard]] std::string text(report::rate::clock::time_point now, const tally& done, const list_progress& list);

 private:
  report::rate bytes_;
  report::rate list_;
};

}  // namespace tokengate::treehash
