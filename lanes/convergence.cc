#include <algorithm>

#include <tokengate/lanes/convergence.h>

namespace tokengate {

std::string_view to_string(convergence_verdict verdict) noexcept {
  using enum convergence_verdict;
  switch (verdict) {
    case spare:
      return "workers to spare";
    case in_use:
      return "nobody waits long";
    case elsewhere:
      return "tokens wait long, but not for a worker";
    case brief:
      return "tokens wait long, but the core was idle for most of the time";
    case too_few:
      return "tokens wait long for a worker";
  }
  return "?";
}

namespace lanes {

using std::chrono::nanoseconds;

nanoseconds convergence_rule::longest_wait(const convergence_window& window) noexcept {
  const bool stands =
      (window.begun == 0 && window.queued_before != 0 && window.queued != 0) || (window.ended == 0 && window.held_back);
  stands_for_ = stands ? stands_for_ + window.length : nanoseconds(0);
  auto longest = std::max(window.queue_wait, stands_for_);
  if (window.begun != 0 || window.queued_before != 0) {
    // As a number with a point: the product may be too large for one without. Where nothing moved one might have.
    const double until_empty = static_cast<double>(window.length.count()) * static_cast<double>(window.queued) /
                               static_cast<double>(std::max<std::uint64_t>(window.begun, 1));
    constexpr double most = 9e18;
    longest = std::max(longest, nanoseconds(static_cast<nanoseconds::rep>(std::min(until_empty, most))));
  }
  return longest;
}

unsigned convergence_rule::look(const convergence_window& window) noexcept {
  using enum convergence_verdict;
  waits_ = longest_wait(window);
  const bool for_long = waits_ > within_.long_wait, idle = window.utilisation < busy;
  if (for_long)
    verdict_ = !window.held_back ? elsewhere : idle ? brief : too_few;
  else
    verdict_ = !window.full && (idle || window.ended != 0) ? spare : in_use;

  for_more_ = for_long ? for_more_ + (verdict_ == too_few ? 1 : 0) : 0;
  for_fewer_ = verdict_ == spare ? for_fewer_ + 1 : 0;
  if (for_more_ == votes_for_more) {
    for_more_ = 0;
    const unsigned more = std::max(1u, workers_ / 2);
    workers_ = more < within_.max - workers_ ? workers_ + more : within_.max;
  } else if (for_fewer_ == votes_for_fewer) {
    for_fewer_ = 0;
    workers_ = std::max(workers_ - 1, within_.min);
  }
  return workers_;
}

}  // namespace lanes
}  // namespace tokengate
