#include <algorithm>
#include <string>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/error.h>
#include <tokengate/core/host.h>
#include <tokengate/core/launch.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/lanes/coordinator.h>
#include <tokengate/lanes/entrance.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate {
namespace {

void require(bool fine, const char* what) {
  if (!fine) throw misuse(std::string("coordinator options: ") + what);
}

options checked(const options& wanted) {
  require(wanted.cores <= 1024, "cores must be at most 1024 (0 = what the machine allows)");
  require(wanted.workers >= 1, "workers must be at least 1");
  require(wanted.mailbox_capacity >= 1, "mailbox_capacity must be at least 1");
  require(wanted.max_waiting >= 1, "max_waiting must be at least 1");
  require(wanted.max_suspended >= 1, "max_suspended must be at least 1");
  require(wanted.mailbox_capacity <= std::size_t{1} << 30, "mailbox_capacity must be at most 2^30");
  require(wanted.max_waiting <= std::size_t{1} << 48, "max_waiting must be at most 2^48");
  // What is below checks itself, and is made here to be asked.
  static_cast<void>(lanes::stack_pool({.size = wanted.stack_size}));
  static_cast<void>(io::storage_tiers(wanted.storage));
  require(wanted.drain_for.count() >= 0, "drain_for must not be negative");
  return wanted;
}

latency read(const detail::histogram::total& ticks) {
  return {detail::to_nanoseconds(ticks.percentile(0.5)), detail::to_nanoseconds(ticks.percentile(0.99)),
          detail::to_nanoseconds(ticks.max())};
}

}  // namespace

coordinator::coordinator(const options& wanted)
    : options_(checked(wanted)), core_count_(wanted.cores), entrance_(std::make_unique<lanes::entrance>()) {
  const topology machine = topology::detect();
  if (core_count_ == 0) core_count_ = machine.effective_cores();
  if (options_.pin)
    for (const logical_core& each : machine.allowed) processors_.push_back(each.os_index);
}

coordinator::~coordinator() {
  if (running_) stop();
  entrance_->wait_until_left();
}

void coordinator::start() {
  if (running_) throw misuse("coordinator::start: it runs already");
  detail::prepare_asymmetric_fence();
  constexpr std::uint32_t one_in = 64;
  detail::timing_interval.store(options_.timing == timing::exact ? 1 : one_in, std::memory_order_relaxed);
  auto next = std::make_shared<lanes::runtime>(options_, core_count_);
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
  running_ = true;
}

stop_report coordinator::stop() { return stop(options_.drain_for); }

stop_report coordinator::stop(std::chrono::nanoseconds drain_for) {
  if (!running_) return {};
  if (detail::host::current() != nullptr)
    throw misuse("coordinator::stop was called inside a token, which it would wait for; call it from a thread");
  entrance_->close();
  const auto killed = latest()->stop(detail::deadline_after(drain_for));
  running_ = false;
  return {killed};
}

bool coordinator::running() const noexcept { return running_.load(std::memory_order_relaxed); }

unsigned coordinator::cores() const noexcept { return core_count_; }

std::vector<operation_statistics> coordinator::statistics() const {
  std::vector<operation_statistics> all;
  const auto run = latest();
  if (run == nullptr) return all;
  const std::size_t operations = run->cores.front()->operations();
  for (std::size_t i = 1; i <= operations; ++i) {
    const std::size_t index = i % operations;  // submit() has index 0 and comes last
    operation_statistics row;
    row.name = index == 0 ? std::string_view("submit") : operation_at(index - 1).info.name;
    detail::histogram::total queue_wait, run_time, storage_wait;
    for (const auto& core : run->cores) {
      const lanes::operation_counters& part = core->counters_of(index);
      const auto tokens = part.tokens.load(std::memory_order_relaxed);
      row.tokens += tokens;
      row.failures += part.failures.load(std::memory_order_relaxed);
      row.killed += part.killed.load(std::memory_order_relaxed);
      row.storage_waits += part.storage_waits.load(std::memory_order_relaxed);
      row.tokens_per_core.push_back(tokens);
      queue_wait.add(part.queue_wait);
      run_time.add(part.run_time);
      storage_wait.add(part.storage_wait);
    }
    row.queue_wait = read(queue_wait);
    row.run_time = read(run_time);
    row.storage_wait = read(storage_wait);
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
    all.push_back({read_counter(from.spawned), read_counter(from.finished), read_counter(from.stolen),
                   read_counter(from.ran_inline), read_counter(from.inline_refused), read_counter(from.suspensions),
                   read_counter(from.workers_made), read_counter(from.sleeps), core->waiting(), core->admitted()});
  }
  return all;
}

void coordinator::set_storage_limit(storage_speed tier, unsigned limit) {
  started()->tiers.tier(tier).set_limit(limit);
}

io::storage_tier_statistics coordinator::statistics_of(storage_speed tier) const {
  return started()->tiers.tier(tier).statistics();
}

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
