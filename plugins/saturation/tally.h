// What the tokens of one line of the table add up to.
#pragma once

#include <chrono>
#include <cstdint>

#include <tokengate/plugins/saturation/operations.h>

namespace tokengate::saturation {

struct tally {
  std::uint64_t tokens = 0;
  std::chrono::nanoseconds wanted{0};      ///< what the tokens were there for: sleep as asked for, or run time
  std::chrono::nanoseconds ran{0};         ///< from start to end: late waking is in it
  std::chrono::nanoseconds turnaround{0};  ///< from submission to end: the queue is in it, too
  std::chrono::steady_clock::duration elapsed{0};

  void add(const stay& result, std::chrono::nanoseconds meant, std::chrono::steady_clock::time_point submitted) {
    ++tokens;
    wanted += meant;
    ran += result.ran;
    turnaround += result.ended - submitted;
  }

  /// One of the sums by the time that passed: so many at once, on average.
  [[nodiscard]] double ratio(std::chrono::nanoseconds sum) const {
    const double passed = std::chrono::duration<double>(elapsed).count();
    return passed > 0 ? std::chrono::duration<double>(sum).count() / passed : 0;
  }
};

}  // namespace tokengate::saturation
