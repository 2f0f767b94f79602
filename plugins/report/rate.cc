#include <algorithm>
#include <cmath>

#include <tokengate/plugins/report/rate.h>

namespace tokengate::report {
namespace {

constexpr std::chrono::milliseconds spacing{500};
constexpr double longest_estimate = 100.0 * 24 * 3600;  // beyond a hundred days a number tells nothing

}  // namespace

rate::rate(clock::time_point start) noexcept { points_[0].time = start; }

void rate::sample(clock::time_point now, std::uint64_t done) noexcept {
  const std::size_t before = (last_ + points_.size() - 1) % points_.size();
  // The newest point stays provisional until it is far enough from the one before it.
  if (kept_ == 1 || points_[last_].time - points_[before].time >= spacing) {
    last_ = (last_ + 1) % points_.size();
    kept_ = std::min(kept_ + 1, points_.size());
  }
  points_[last_] = {now, done};
}

double rate::per_second() const noexcept {
  const point& first = points_[(last_ + points_.size() + 1 - kept_) % points_.size()];
  const std::chrono::duration<double> time = points_[last_].time - first.time;
  if (time.count() <= 0) return 0;
  return static_cast<double>(points_[last_].done - first.done) / time.count();
}

std::optional<std::chrono::seconds> rate::time_left(std::uint64_t total) const noexcept {
  const std::uint64_t done = points_[last_].done;
  if (done >= total) return std::chrono::seconds(0);
  const double seconds = static_cast<double>(total - done) / per_second();
  if (!(seconds < longest_estimate)) return std::nullopt;
  return std::chrono::seconds(static_cast<std::chrono::seconds::rep>(std::ceil(seconds)));
}

}  // namespace tokengate::report
