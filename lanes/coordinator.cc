#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include <unistd.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/error.h>
#include <tokengate/core/host.h>
#include <tokengate/core/launch.h>
#include <tokengate/core/live_tokens.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/stop_reason.h>
#include <tokengate/lanes/converger.h>
#include <tokengate/lanes/coordinator.h>
#include <tokengate/lanes/entrance.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/simulation.h>
#include <tokengate/lanes/warden.h>

namespace tokengate {
namespace {

void require(bool fine, const char* what) {
  if (!fine) throw misuse(std::string("coordinator options: ") + what);
}

options checked(const options& wanted) {
  require(wanted.cores <= 1024, "cores must be at most 1024 (0 = what the machine allows)");
  require(!wanted.simulation || (wanted.simulation->cores >= 1 && wanted.simulation->cores <= 1024),
          "simulation.cores must be from 1 to 1024");
  require(wanted.workers >= 1, "workers must be at least 1");
  require(wanted.max_waiting >= 1, "max_waiting must be at least 1");
  require(wanted.max_suspended >= 1, "max_suspended must be at least 1");
  require(wanted.mailbox_capacity <= std::size_t{1} << 30, "mailbox_capacity must be at most 2^30");
  require(wanted.max_waiting <= std::size_t{1} << 48, "max_waiting must be at most 2^48");
  if (!wanted.lane.empty()) lane_number(wanted.lane);
  // What is below checks itself, and is made here to be asked.
  static_cast<void>(lanes::stack_pool({.size = wanted.stack_size}));
  static_cast<void>(io::storage_tiers(wanted.storage));
  require(wanted.stall_after.count() >= 0, "stall_after must not be negative (0 = no reports)");
  require(wanted.watch_every >= std::chrono::milliseconds(1), "watch_every must be at least a millisecond");
  require(wanted.min_workers <= wanted.workers, "min_workers must be at most workers (0 = workers)");
  require(wanted.max_workers == 0 || wanted.max_workers >= wanted.workers,
          "max_workers must be at least workers (0 = four times workers)");
  require(wanted.converge_every >= std::chrono::milliseconds(1), "converge_every must be at least a millisecond");
  require(wanted.converge_wait.count() > 0, "converge_wait must be above 0");
  require(wanted.drain_for.count() >= 0, "drain_for must not be negative");
  require(wanted.cancel_for.count() >= 0, "cancel_for must not be negative");
  return wanted;
}

latency read(const detail::histogram::total& ticks) {
  return {detail::to_nanoseconds(ticks.percentile(0.5)), detail::to_nanoseconds(ticks.percentile(0.99)),
          detail::to_nanoseconds(ticks.max())};
}

}  // namespace

coordinator::coordinator(const options& wanted)
    : options_(checked(wanted)), core_count_(wanted.cores), entrance_(std::make_unique<lanes::entrance>()) {
  if (options_.simulation) {
    core_count_ = options_.simulation->cores;
    return;
  }
  const topology machine = topology::detect();
  if (core_count_ == 0) core_count_ = machine.effective_cores();
  if (options_.pin)
    for (const logical_core& each : machine.allowed) processors_.push_back(each.os_index);
}

coordinator::~coordinator() {
  if (in_forked_process()) {  // whoever was about to enter, or held a lock, will never get on here
    lanes::runtime::keep_for_ever(runtime_);
    return;
  }
  if (running_) {
    if (detail::host::current() != nullptr) give_up_inside_a_token();
    stop();
  }
  entrance_->wait_until_left();
  entrance_->lead_to(nullptr);  // a kill of its last tokens may still be under way in another thread
  detail::end_observations(entrance_->realm());
}

void coordinator::start() {
  if (running_) throw misuse("coordinator::start: it runs already");
  detail::prepare_asymmetric_fence();
  constexpr std::uint32_t one_in = 64;
  detail::set_timing_interval(options_.timing == timing::exact ? 1 : one_in);
  auto next = std::make_shared<lanes::runtime>(options_, core_count_, entrance_->realm());
  next->start_threads(processors_);
  // Nobody may be on the way to the runtime before any more, which ends here unless its statistics are being read.
  entrance_->lead_to(nullptr);
  entrance_->wait_until_left();
  entrance_->lead_to(next.get());
  {
    const std::scoped_lock lock(mutex_);
    runtime_.swap(next);
  }
  entrance_->open();
  process_ = ::getpid();
  running_ = true;
}

bool coordinator::in_forked_process() const noexcept { return process_ != 0 && process_ != ::getpid(); }

stop_report coordinator::stop() { return stop(options_.drain_for); }

stop_report coordinator::stop(std::chrono::nanoseconds drain_for) {
  if (!running_ || in_forked_process()) return {};
  if (detail::host::current() != nullptr)
    throw misuse("coordinator::stop was called inside a token, which it would wait for; call it from a thread");
  entrance_->close();
  const auto run = latest();
  if (run->simulated != nullptr) run->simulated->adopt_thread();
  const auto killed_before = run->killed();
  stop_report report;
  report.abandoned = run->stop(detail::deadline_after(drain_for));
  report.killed = run->killed() - killed_before;
  running_ = false;
  if (!report.abandoned.empty()) lanes::runtime::keep_for_ever(run);  // its threads still need it
  return report;
}

bool coordinator::running() const noexcept { return running_.load(std::memory_order_relaxed); }

unsigned coordinator::cores() const noexcept { return core_count_; }

std::vector<operation_statistics> coordinator::statistics() const {
  std::vector<operation_statistics> all;
  const auto run = latest();
  if (run == nullptr) return all;
  const std::size_t operations = run->cores.front()->operations();
  const auto undeclared = run->calls.undeclared();
  for (std::size_t i = 1; i <= operations; ++i) {
    const std::size_t index = i % operations;  // submit() has index 0 and comes last
    operation_statistics row;
    row.name = index == 0 ? std::string_view("submit") : operation_at(index - 1).info.name;
    detail::histogram::total queue_wait, run_time, storage_wait;
    for (const auto& core : run->cores) {
      const lanes::operation_counters& part = core->counters_of(index);
      // Acquire: who has seen a token counted as ended sees what it did.
      const auto tokens = part.tokens.load(std::memory_order_acquire);
      row.tokens += tokens;
      row.failures += part.failures.load(std::memory_order_acquire);
      row.killed += part.killed.load(std::memory_order_acquire);
      row.timeouts += part.timeouts.load(std::memory_order_acquire);
      row.storage_waits += part.storage_waits.load(std::memory_order_relaxed);
      row.tokens_per_core.push_back(tokens);
      part.queue_wait.add_to(queue_wait);
      part.run_time.add_to(run_time);
      part.storage_wait.add_to(storage_wait);
    }
    row.queue_wait = read(queue_wait);
    row.run_time = read(run_time);
    row.storage_wait = read(storage_wait);
    const auto [killed, timeouts] = run->ended_outside(index);
    row.tokens += killed + timeouts;
    row.killed += killed;
    row.timeouts += timeouts;
    for (const auto& [calls, count] : undeclared) {
      if (calls.first != index) continue;
      row.undeclared += count;
      row.undeclared_calls.push_back(operation_name(calls.second));
    }
    if (index != 0 || row.tokens != 0) all.push_back(std::move(row));
  }
  return all;
}

std::vector<core_statistics> coordinator::statistics_of_cores() const {
  std::vector<core_statistics> all;
  const auto run = latest();
  if (run == nullptr) return all;
  const auto read_counter = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  for (const auto& core : run->cores) {
    const lanes::core_counters& from = core->counters();
    all.push_back({read_counter(from.spawned), core->finished(), read_counter(from.stolen),
                   read_counter(from.ran_inline), read_counter(from.inline_refused), read_counter(from.suspensions),
                   read_counter(from.cancelled_waits), read_counter(from.held_back), read_counter(from.workers_made),
                   read_counter(from.sleeps), read_counter(from.for_other_domains), read_counter(from.in_strand),
                   core->waiting(), core->admitted()});
  }
  return all;
}

std::vector<recent_execution> coordinator::recent(std::size_t most) const {
  std::vector<recent_execution> all;
  const auto run = latest();
  if (run == nullptr) return all;
  struct found {
    lanes::recent_ring::entry entry;
    unsigned core;
  };
  std::vector<found> entries;
  std::vector<lanes::recent_ring::entry> of_core;
  for (const auto& core : run->cores) {
    of_core.clear();
    core->recent().read(of_core);
    for (const auto& each : of_core) entries.push_back({each, core->index()});
  }
  most = std::min(most, entries.size());
  const auto newer = [](const found& a, const found& b) { return a.entry.ended > b.entry.ended; };
  std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(most), entries.end(), newer);
  // One moment on both clocks; everything is counted back from it.
  const auto now = std::chrono::system_clock::now();
  const auto now_ticks = detail::ticks();
  for (const auto& [entry, core] : std::span(entries).first(most)) {
    const auto age = detail::to_nanoseconds(now_ticks - entry.ended);
    all.push_back({.token = entry.token,
                   .operation = operation_name(entry.operation),
                   .end = entry.end,
                   .queue_wait = detail::to_nanoseconds(entry.queue_wait),
                   .run_time = detail::to_nanoseconds(entry.run_time),
                   .ended = now - std::chrono::duration_cast<std::chrono::system_clock::duration>(age),
                   .core = core,
                   .worker = entry.worker});
  }
  return all;
}

observation coordinator::observe(std::function<void(const state_change&)> observer) {
  return detail::observe(entrance_->realm(), std::move(observer));
}

// --- control
// -------------------------------------------------------------------------------------------------------

namespace {

/// The numbers of the operations of this name, as nodes have them.
std::vector<std::uint32_t> numbers_of(std::string_view operation) {
  std::vector<std::uint32_t> found;
  if (operation == operation_name(0)) found.push_back(0);
  for (std::size_t i = 0; i < operation_count(); ++i)
    if (operation_at(i).info.name == operation) found.push_back(static_cast<std::uint32_t>(i) + 1);
  if (found.empty())
    throw misuse("there is no operation '" + std::string(operation) +
                 "' in a closed registry; see operation_at(), or 'operations' of the program, for their names");
  return found;
}

void outside_tokens_only(const char* what) {
  if (detail::host::current() != nullptr)
    throw misuse(std::string(what) + " was called inside a token, which it would wait for; call it from a thread");
}

}  // namespace

bool coordinator::kill(std::uint64_t token, std::string_view reason) {
  started();
  return token != 0 &&
         detail::request_stops(entrance_->realm(), {.id = token, .reason = detail::stop_reason_number(reason)}) != 0;
}

std::size_t coordinator::kill_operation(std::string_view operation, std::string_view reason) {
  started();
  std::size_t count = 0;
  for (const auto number : numbers_of(operation))
    count +=
        detail::request_stops(entrance_->realm(), {.operation = number, .reason = detail::stop_reason_number(reason)});
  return count;
}

std::size_t coordinator::kill_all(std::string_view reason) {
  started();
  return detail::request_stops(entrance_->realm(), {.reason = detail::stop_reason_number(reason)});
}

void coordinator::pause() {
  outside_tokens_only("coordinator::pause");
  started()->pause();
}

void coordinator::resume() { started()->resume(); }

void coordinator::pause(std::string_view operation) {
  outside_tokens_only("coordinator::pause");
  for (const auto number : numbers_of(operation)) started()->pause_operation(number);
}

void coordinator::resume(std::string_view operation) {
  for (const auto number : numbers_of(operation)) started()->resume_operation(number);
}

std::size_t coordinator::drain() { return started()->drain(nullptr); }

std::size_t coordinator::drain(std::string_view operation) {
  std::size_t count = 0;
  for (const auto number : numbers_of(operation)) count += started()->drain(&number);
  return count;
}

std::vector<token_status> coordinator::tokens(std::size_t most) const {
  return detail::live_tokens(entrance_->realm(), most);
}

std::vector<fiber_status> coordinator::fibers(std::chrono::nanoseconds patience) const {
  outside_tokens_only("coordinator::fibers");
  const auto run = latest();
  return run != nullptr ? run->watch->fibers(patience) : std::vector<fiber_status>{};
}

std::vector<std::string> coordinator::break_deadlocks() {
  outside_tokens_only("coordinator::break_deadlocks");
  return started()->watch->break_deadlocks();
}

std::vector<convergence_status> coordinator::convergence() const {
  const auto run = latest();
  return run != nullptr ? run->adapts->status() : std::vector<convergence_status>{};
}

/// A token ended the program, or destroys its own coordinator: it would wait for itself.
void coordinator::give_up_inside_a_token() noexcept {
  std::fputs(
      "tokengate: a coordinator was destroyed inside one of its tokens (std::exit in an operation?); its cores are "
      "left "
      "to the end of the process\n",
      stderr);
  entrance_->close();
  lanes::runtime::keep_for_ever(runtime_);
  running_ = false;
}

void coordinator::set_storage_limit(storage_speed tier, unsigned limit) {
  started()->tiers.tier(tier).set_limit(limit);
}

io::storage_tier_statistics coordinator::statistics_of(storage_speed tier) const {
  return started()->tiers.tier(tier).statistics();
}

// --- simulation
// ----------------------------------------------------------------------------------------------------

namespace {

const lanes::simulation& simulated(const lanes::runtime& run) {
  if (run.simulated == nullptr)
    throw misuse("this coordinator is no simulation; set options::simulation before it is started");
  outside_tokens_only("coordinator::trace");
  return *run.simulated;
}

}  // namespace

std::uint64_t coordinator::trace_fingerprint() const { return simulated(*started()).fingerprint(); }

std::string coordinator::trace(std::size_t most) const { return simulated(*started()).text(most); }

std::shared_ptr<lanes::runtime> coordinator::latest() const {
  const std::scoped_lock lock(mutex_);
  return runtime_;
}

std::shared_ptr<lanes::runtime> coordinator::started() const {
  auto run = latest();
  if (run == nullptr) throw misuse("this coordinator was never started; call start() first");
  return run;
}

coordinator::scope::scope(coordinator& meant) noexcept
    : previous_(detail::place::exchange_scope(meant.entrance_.get())) {}

coordinator::scope::~scope() { detail::place::exchange_scope(previous_); }

}  // namespace tokengate
