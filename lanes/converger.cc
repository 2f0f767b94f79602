#include <algorithm>
#include <array>

#include <tokengate/core/clock.h>
#include <tokengate/lanes/converger.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/simulation.h>

namespace tokengate::lanes {

using std::chrono::nanoseconds;

/// Counters of one core, which only grow, and the state of its queues, at one moment.
struct converger::reading {
  clock::time_point time;
  std::uint64_t ticks = 0, idle = 0, left = 0, ended = 0, full = 0, held_back = 0;
  std::size_t queued = 0;
  std::optional<detail::histogram::total> queue_wait;
};

struct converger::watched {
  explicit watched(const convergence_rule::bounds& within) : rule(within) {}

  convergence_rule rule;
  std::array<reading, 2> readings;  // in turn
  std::uint64_t windows = 0, changes = 0;
  convergence_window last;
  std::array<convergence_change, convergence_status::changes_kept> last_changes;  // a ring
};

converger::converger(runtime& of, clock::time_point now)
    : runtime_(of), start_(now), next_look_(clock::time_point::max()) {
  const options& wanted = of.settings;
  for (unsigned i = 0; i < of.cores.size(); ++i) {
    watched_.push_back(std::make_unique<watched>(convergence_rule::bounds{
        wanted.min_workers != 0 ? wanted.min_workers : wanted.workers, wanted.workers,
        wanted.max_workers != 0 ? wanted.max_workers : std::max(4 * wanted.workers, wanted.workers),
        wanted.converge_wait}));
    read(i, now, watched_.back()->readings[0]);
  }
  if (wanted.convergence) next_look_ = now + wanted.converge_every;
}

converger::~converger() = default;

void converger::end_windows(clock::time_point now) noexcept {
  next_look_ = now + runtime_.settings.converge_every;
  ++number_;
  const std::scoped_lock lock(mutex_);
  for (unsigned i = 0; i < watched_.size(); ++i) {
    end_window(*watched_[i], i, now);
    runtime_.cores[i]->begin_window(number_);
  }
}

void converger::read(unsigned core, clock::time_point now, reading& into) const noexcept {
  const auto& subject = *runtime_.cores[core];
  const core_counters& counters = subject.counters();
  into.time = now;
  if (runtime_.simulated == nullptr) {
    into.ticks = detail::ticks();
    into.idle = counters.idle.load(std::memory_order_acquire);
    // A core counts the time when it ends, however many windows it lasts. Between its two stores this is missed, and
    // counted for the next window.
    const auto since = counters.idle_since.load(std::memory_order_relaxed);
    if (since != 0 && since < into.ticks) into.idle += into.ticks - since;
  } else {
    into.ticks = static_cast<std::uint64_t>((now - start_).count());
    into.idle = static_cast<std::uint64_t>(runtime_.simulated->idle_time().count());
  }
  into.ended = subject.finished();
  into.full = counters.full.load(std::memory_order_relaxed);
  into.held_back = counters.full_with_queue.load(std::memory_order_relaxed);
  into.queued = subject.waiting() + subject.admitted();
  const auto accepted = subject.accepted();  // after what is left of them
  into.left = accepted > into.queued ? accepted - into.queued : 0;
  into.queue_wait.emplace();
  // In a simulation they would be real times.
  if (runtime_.simulated == nullptr)
    for (std::size_t i = 0; i < subject.operations(); ++i) subject.counters_of(i).queue_wait.add_to(*into.queue_wait);
}

void converger::end_window(watched& known, unsigned core, clock::time_point now) noexcept {
  const reading& before = known.readings[known.windows % 2];
  reading& after = known.readings[(known.windows + 1) % 2];
  read(core, now, after);
  const auto grown = [](std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; };

  convergence_window& window = known.last;
  window.length = after.time - before.time;
  window.queued_before = before.queued;
  window.queued = after.queued;
  window.begun = grown(before.left, after.left);
  window.ended = grown(before.ended, after.ended);
  const auto waits = after.queue_wait->since(*before.queue_wait);
  window.measured = waits.count();
  window.queue_wait = detail::to_nanoseconds(waits.percentile(0.95));
  const auto ticks = static_cast<double>(std::max<std::uint64_t>(1, grown(before.ticks, after.ticks)));
  const auto idle = static_cast<double>(grown(before.idle, after.idle));
  window.utilisation = std::clamp(1 - idle / ticks, 0., 1.);
  window.full = after.full != before.full;
  window.held_back = after.held_back != before.held_back;
  ++known.windows;

  const unsigned from = known.rule.workers(), to = known.rule.look(window);
  if (from == to) return;
  runtime_.limit_workers(core, to);
  if (runtime_.simulated != nullptr) runtime_.simulated->note_limit(core, to);
  known.last_changes[known.changes++ % known.last_changes.size()] = {now - start_, from, to, known.rule.verdict()};
}

std::vector<convergence_status> converger::status() const {
  std::vector<convergence_status> all;
  all.reserve(watched_.size());
  const std::scoped_lock lock(mutex_);
  for (unsigned i = 0; i < watched_.size(); ++i) {
    const watched& known = *watched_[i];
    const auto& within = known.rule.within();
    convergence_status row{i,          known.rule.workers(), within.min,           within.max,    known.windows,
                           known.last, known.rule.waits(),   known.rule.verdict(), known.changes, {}};
    const std::size_t kept = std::min<std::uint64_t>(known.changes, known.last_changes.size());
    for (std::size_t back = 1; back <= kept; ++back)
      row.last_changes.push_back(known.last_changes[(known.changes - back) % known.last_changes.size()]);
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace tokengate::lanes
