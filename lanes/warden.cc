#include <algorithm>
#include <array>
#include <csignal>
#include <span>
#include <utility>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/node_arena.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/lanes/converger.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/stall.h>
#include <tokengate/lanes/warden.h>

namespace tokengate::lanes {

using namespace std::chrono_literals;

// Memory that was found idle twice goes back, so a burst is forgotten within 750 ms whenever it ends.
constexpr std::chrono::nanoseconds most_busy_pause = 250ms, most_idle_pause = 500ms;
// However often it looks for other things: memory that is wanted again at once is not to go to and fro.
constexpr std::chrono::nanoseconds least_between_tidying = 200ms;
constexpr std::chrono::nanoseconds patience_for_deadlocks = 1s, patience_for_probe = 100ms;

warden::warden(runtime& of)
    : runtime_(of),
      listed_(of),
      survey_(of),
      watched_(std::make_unique<watched[]>(of.cores.size())),
      next_look_(clock::now()) {}

warden::~warden() { stop(); }

void warden::start(std::vector<pthread_t> threads) {
  threads_ = std::move(threads);
  // Signals to the process are not for this thread.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void warden::stop() noexcept {
  survey_.close();
  {
    const std::scoped_lock lock(mutex_);
    end_ = true;
  }
  ending_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::scoped_lock lock(probes_);  // after a probe that is under way
  threads_.clear();
}

void warden::run() noexcept {
  ::pthread_setname_np(::pthread_self(), "tokengate/watch");
  const options& wanted = runtime_.settings;
  const auto stall_after = wanted.stall_after, every = wanted.watch_every;
  const auto busy = std::min({most_busy_pause, every, wanted.convergence ? wanted.converge_every : every,
                              stall_after > 0ns ? std::max(stall_after / 4, 1'000'000ns) : every});
  const auto idle = std::max(busy, std::min(most_idle_pause, every));
  pause_ = busy;
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, pause_, [this] { return end_; })) {
    lock.unlock();
    pause_ = look_around(clock::now()) ? busy : idle;
    lock.lock();
  }
}

/// True when there is something to watch.
bool warden::look_around(clock::time_point now) noexcept {
  bool busy = false;
  for (unsigned i = 0; i < runtime_.cores.size(); ++i) {
    const auto progress = progress_of(i);
    const bool moved = progress != std::exchange(watched_[i].progress, progress);
    busy = busy || moved || !runtime_.cores[i]->asleep();
    look_at(i, moved, now);
  }
  runtime_.adapts->look(now);
  const bool tidying = now >= next_tidying_;
  if (tidying)
    for (unsigned i = 0; i < runtime_.cores.size(); ++i) have_tidied(i);
  look_for_deadlocks(now);
  if (tidying) {
    next_tidying_ = now + least_between_tidying;
    // Last, so that what cores have just given back is found idle.
    released_ = detail::node_arena::instance().release_idle() != 0;
  }
  return busy || released_;
}

/// A core that has ended tokens since the last time is to give back what it does not need now: by itself, for nobody
/// else may touch its caches. One that sleeps is woken for it.
void warden::have_tidied(unsigned core) noexcept {
  const auto finished = runtime_.cores[core]->finished();
  if (finished == std::exchange(watched_[core].tidied_at, finished)) return;
  runtime_.cores[core]->set_modes(mode_tidying);
  detail::light_fence();  // with the heavy one in core::sleep()
  runtime_.cores[core]->wake();
}

// --- stalls
// -----------------------------------------------------------------------------------------------------------

std::uint64_t warden::progress_of(unsigned core) const noexcept {
  const auto& own = *runtime_.cores[core];
  const core_counters& counters = own.counters();
  std::uint64_t sum = own.finished() + survey_.answers(core);
  for (const auto* each : {&counters.suspensions, &counters.spawned, &counters.sleeps, &counters.workers_made})
    sum += each->load(std::memory_order_relaxed);
  return sum;
}

/// A core whose counters stand still is asked for a sign of life, which it gives whenever it polls. One that gives none
/// though its thread has had the time for it (held_time.h) is stuck in what it runs.
void warden::look_at(unsigned core, bool moved, clock::time_point now) noexcept {
  watched& known = watched_[core];
  const auto stall_after = runtime_.settings.stall_after;
  const auto& subject = *runtime_.cores[core];
  if (moved || subject.asleep() || stall_after <= 0ns) {
    known.asked = known.reported = false;
    known.unanswered = 0ns;
    known.next_probe = {};
    return;
  }
  if (known.reported) return;
  const auto times = thread_times::of(threads_[core], subject.thread_id());
  if (!known.asked) {
    known.asked = true;
    known.held.begin(now, times);
    survey_.ask(core);
    return;
  }
  known.held.add(now, pause_, times);
  if (known.held.total() >= stall_after && now >= known.next_probe) {
    std::array<void*, stall_probe::most_frames> frames;
    std::size_t count = 0;
    std::uint64_t token = 0;
    std::uint32_t operation = 0;
    {
      const std::scoped_lock lock(probes_);
      // Its thread may not run just now: the system has others to run, or waits for a disk in it. Later, then, and
      // less and less often, for this thread has other things to do than to wait for it.
      if (!known.probe.take(subject, threads_[core], patience_for_probe, stall_probe::wanted::token_and_frames)) {
        known.unanswered = std::max<std::chrono::nanoseconds>(2 * known.unanswered, patience_for_probe);
        known.next_probe = now + known.unanswered;
        return;
      }
      token = known.probe.token();
      operation = known.probe.operation();
      count = known.probe.frames().size();
      std::copy_n(known.probe.frames().begin(), count, frames.begin());
    }
    known.reported = true;
    if (token != 0)
      detail::report_stall(
          {core, token, operation_name(operation), known.held.total(), std::span(frames).first(count)});
  }
}

// --- deadlocks
// --------------------------------------------------------------------------------------------------------

std::uint64_t warden::suspensions() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : runtime_.cores)
    sum += each->counters().suspensions.load(std::memory_order_relaxed) +
           each->counters().in_strand.load(std::memory_order_relaxed);
  return sum;
}

/// A cycle is closed by a wait, also for a turn in a strand, so there is nothing to look for unless one began. A core
/// with very many fibers gives at most one part in a hundred of its time.
void warden::look_for_deadlocks(clock::time_point now) noexcept {
  try {
    {
      const std::scoped_lock lock(deadlocks_);
      if (now < next_look_ || suspensions() == looked_at_) return;
    }
    break_deadlocks();
  } catch (const std::exception&) {
    // No memory for it: the next look may find some.
  }
}

std::vector<std::string> warden::break_deadlocks() {
  const std::scoped_lock lock(deadlocks_);
  const auto before = suspensions();
  const auto views = survey_.take(patience_for_deadlocks);
  std::chrono::nanoseconds longest{0};
  for (const core_view& each : views) longest = std::max(longest, each.took);
  next_look_ = clock::now() + std::max<std::chrono::nanoseconds>(runtime_.settings.watch_every, 100 * longest);
  const auto cycles = find_cycles(views);
  std::vector<std::string> broken;
  if (cycles.empty()) {
    if (std::all_of(views.begin(), views.end(), [](const core_view& each) { return each.answered; }))
      looked_at_ = before;
    return broken;
  }
  const auto again = survey_.take(patience_for_deadlocks);
  for (const wait_cycle& each : cycles) {
    if (!still_there(each, again)) continue;
    const cycle_step& victim = each.steps[each.victim];
    broken.push_back(describe(each));
    survey_.sentence(victim.core, {victim.token.id, victim.serial,
                                   std::make_unique<std::string>("deadlock: " + broken.back() +
                                                                 "; let one of them not wait for the next")});
  }
  return broken;
}

// --- the list of fibers
// -----------------------------------------------------------------------------------------------

std::vector<fiber_status> warden::fibers(std::chrono::nanoseconds patience) {
  std::vector<fiber_status> all;
  const auto views = survey_.take(patience);
  for (unsigned core = 0; core < views.size(); ++core) {
    const core_view& view = views[core];
    for (const seen_fiber& each : view.fibers) {
      fiber_status row;
      row.core = core;
      row.state = each.state;
      for (const seen_token& token : view.tokens_of(each))
        row.tokens.push_back({token.id, operation_name(token.operation)});
      if (each.state == fiber_state::suspended) row.waits_for = to_string(each.kind);
      const auto awaited = view.awaited_by(each);
      row.awaited.assign(awaited.begin(), awaited.end());
      row.timed = each.timed;
      all.push_back(std::move(row));
    }
    if (view.answered) continue;
    const std::scoped_lock lock(probes_);
    if (threads_.empty()) continue;  // it has been stopped
    fiber_status row;
    row.core = core;
    row.state = fiber_state::busy;
    stall_probe& probe = watched_[core].probe;
    constexpr auto wanted = stall_probe::wanted::token;
    if (probe.take(*runtime_.cores[core], threads_[core], patience_for_probe, wanted) && probe.token() != 0)
      row.tokens.push_back({probe.token(), operation_name(probe.operation())});
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace tokengate::lanes
