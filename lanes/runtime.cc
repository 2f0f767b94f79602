#include <algorithm>
#include <functional>
#include <string_view>

#include <pthread.h>
#include <sched.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/error.h>
#include <tokengate/core/live_tokens.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/stop_reason.h>
#include <tokengate/core/token.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

using detail::node;
using clock = std::chrono::steady_clock;

runtime::runtime(const options& wanted, unsigned core_count, std::uint16_t of_realm)
    : settings(wanted),
      realm(of_realm),
      reason_stopped(detail::stop_reason_number("its coordinator stopped")),
      slots(wanted.max_waiting),
      tiers(wanted.storage),
      operation_paused_(operation_count() + 1),
      ended_outside_(operation_count() + 1),
      ended_(std::make_unique<std::atomic<bool>[]>(core_count)) {
  for (unsigned i = 0; i < core_count; ++i) cores.push_back(std::make_unique<core>(*this, i));
}

runtime::~runtime() = default;

// --- submission from outside
// ------------------------------------------------------------------------------------------

/// Origins' preference: heavy tokens start at the first core, medium at the second, light at the third; from there a
/// thread's tokens go round. Idle cores take what waits at busy ones.
core& runtime::route(const node& token) noexcept {
  static thread_local constinit unsigned position = 0;
  const auto count = static_cast<unsigned>(cores.size());
  const unsigned first = token.tags.weight == weight::heavy ? 0 : token.tags.weight == weight::medium ? 1 : 2;
  return *cores[(first + position++) % count];
}

void runtime::submit(node& token, std::uint64_t id) {
  token.creator = 0;
  token.begin(id, token_state::created, 0);
  if (restricted_.load(std::memory_order_relaxed) && hold_back(token)) return;
  core& target = token.tags.anchored ? bind(token) : route(token);
  bool offered = false;
  while (!closed.load(std::memory_order_acquire) && !(offered = target.offer(token))) slots.wait_for_one();
  if (!offered)
    throw coordinator_stopped(
        "the coordinator takes no new tokens from outside: stop() was called; start() it again first");
  detail::light_fence();  // pairs with the heavy fences in stop() and in core::sleep()
  if (closed.load(std::memory_order_relaxed)) [[unlikely]] {
    // Offered while stop() began. Once that is past its sweep nobody else looks at the lanes; before, somebody must.
    swept_.load(std::memory_order_relaxed) ? sweep() : wake_all();
  } else if (token.bound) {
    target.wake();
  } else if (sleeping.load(std::memory_order_relaxed) != 0 && !somebody_searches()) {
    if (!target.wake()) wake_one();
  }
}

/// All tokens of one anchor name go to one core. They are not stolen.
core& runtime::bind(node& token) noexcept {
  const auto chosen = std::hash<std::string_view>{}(operation_at(token.operation - 1).info.anchor) % cores.size();
  token.bound = true;
  token.home = static_cast<std::uint16_t>(chosen);
  return *cores[chosen];
}

void runtime::spawn_anchored(node& child, std::uint64_t id) noexcept {
  child.begin(id, token_state::created, 0);
  core& target = bind(child);
  target.offer(child, true);
  detail::light_fence();  // pairs with the heavy fence in core::sleep()
  target.wake();
}

void runtime::wake_one() noexcept {
  for (const auto& each : cores)
    if (each->wake()) return;
}

void runtime::wake_all() noexcept {
  for (const auto& each : cores) each->wake();
}

// --- beginning and end
// ------------------------------------------------------------------------------------------------

void runtime::start_threads(const std::vector<unsigned>& processors) {
  try {
    threads_.reserve(cores.size());
    for (std::size_t i = 0; i < cores.size(); ++i)
      threads_.emplace_back([&core = *cores[i], &ended = ended_[i]] {
        core.run();
        ended.store(true, std::memory_order_release);
      });
    pin(processors);
  } catch (...) {
    end_threads();
    throw;
  }
}

void runtime::pin(const std::vector<unsigned>& processors) noexcept {
  if (processors.size() < threads_.size()) return;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(processors[i], &mask);
    // A processor that went away meanwhile only costs the pinning.
    ::pthread_setaffinity_np(threads_[i].native_handle(), sizeof mask, &mask);
  }
}

bool runtime::quiescent() const noexcept {
  // All counters only grow, and a token is counted as made before it is counted as ended. So if what had ended when we
  // looked first equals what was made when we looked later, nothing was under way in between.
  std::uint64_t ended = 0, made = 0;
  for (const auto& each : cores) ended += each->finished();
  for (const auto& each : ended_outside_)
    ended += each.killed.load(std::memory_order_acquire) + each.timeouts.load(std::memory_order_acquire);
  const auto left = holding_left_.load(std::memory_order_acquire);  // before what they went to: errs on the high side
  for (const auto& each : cores) made += each->accepted() + each->counters().spawned.load(std::memory_order_relaxed);
  made += holding_entered_.load(std::memory_order_acquire) - left;
  return ended == made;
}

std::uint64_t runtime::killed() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : cores) sum += each->killed();
  for (const auto& each : ended_outside_)
    sum += each.killed.load(std::memory_order_relaxed) + each.timeouts.load(std::memory_order_relaxed);
  return sum;
}

std::vector<token_status> runtime::stop(clock::time_point drain_until) {
  closed.store(true, std::memory_order_seq_cst);
  slots.close();
  detail::heavy_fence();  // with submit(): a token offered before is seen by quiescent(), later ones see `closed`
  resume_all();
  auto nap = [wait = std::chrono::microseconds(50)]() mutable {
    std::this_thread::sleep_for(wait);
    wait = std::min(wait * 2, std::chrono::microseconds(1000));
  };
  while (!quiescent() && clock::now() < drain_until) nap();
  // Also when nothing seems left: a token that was offered in the last instant is killed rather than run when the cores
  // are about to end.
  hard_stop.store(true, std::memory_order_seq_cst);
  for (const auto& each : cores) each->set_modes(mode_cancelling | mode_attention);
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  const auto give_up = detail::deadline_after(settings.cancel_for);
  while (!quiescent() && clock::now() < give_up) nap();
  const bool all_ended = quiescent();
  auto left = all_ended ? std::vector<token_status>{} : abandon();
  if (all_ended) end_threads();
  swept_.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with submit()
  sweep();
  return left;
}

void runtime::end_threads() noexcept {
  finished.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  for (auto& each : threads_) each.join();
}

/// Some tokens do not stop. Nobody is to wait for them, or for what is stuck behind them, any more. Cores without such
/// tokens end; the threads of the others go on by themselves and end when their tokens do.
std::vector<token_status> runtime::abandon() {
  std::vector<token_status> left;
  detail::for_each_live(realm, [&left](node& token, std::uint64_t id) {
    if (token.request.give_up(id)) left.push_back(detail::snapshot_of(token, id));
  });
  detail::release_waiters(realm);
  finished.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  const auto patience = clock::now() + std::chrono::milliseconds(100);
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    while (!ended_[i].load(std::memory_order_acquire) && clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (ended_[i].load(std::memory_order_acquire))
      threads_[i].join();
    else
      threads_[i].detach();
  }
  return left;
}

/// Kills what came in after the cores had ended.
void runtime::sweep() noexcept {
  const auto kill = [this](node& token) {
    const std::uint32_t operation = token.operation;
    token.request.make(token.id(), detail::stop_cause::killed, reason_stopped);
    token.end_from_queue(token_state::killed, [&] { count_ended_outside(operation, token_state::killed); });
  };
  for (const auto& each : cores)
    for (const auto& lane : each->lanes())
      while (node* const token = lane->take()) kill(*token);
}

}  // namespace tokengate::lanes
