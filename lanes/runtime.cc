#include <algorithm>
#include <functional>
#include <string_view>

#include <pthread.h>
#include <sched.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/error.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

using detail::node;

runtime::runtime(const options& wanted, unsigned core_count)
    : settings(wanted), slots(wanted.max_waiting), tiers(wanted.storage) {
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

void runtime::submit(node& token) {
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
  const auto chosen = std::hash<std::string_view>{}(token.record->info.anchor) % cores.size();
  token.bound = true;
  token.home = static_cast<std::uint16_t>(chosen);
  return *cores[chosen];
}

void runtime::spawn_anchored(node& child) noexcept {
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
    for (const auto& each : cores) threads_.emplace_back([&core = *each] { core.run(); });
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
  for (const auto& each : cores) ended += each->counters().finished.load(std::memory_order_acquire);
  for (const auto& each : cores) made += each->accepted() + each->counters().spawned.load(std::memory_order_relaxed);
  return ended == made;
}

std::uint64_t runtime::stop(std::chrono::steady_clock::time_point drain_until) {
  closed.store(true, std::memory_order_seq_cst);
  slots.close();
  detail::heavy_fence();  // with submit(): a token offered before is seen by quiescent(), later ones see `closed`
  const auto killed_tokens = [this] {
    std::uint64_t sum = 0;
    for (const auto& each : cores) sum += each->killed();
    return sum;
  };
  auto nap = [wait = std::chrono::microseconds(50)]() mutable {
    std::this_thread::sleep_for(wait);
    wait = std::min(wait * 2, std::chrono::microseconds(1000));
  };
  while (!quiescent() && std::chrono::steady_clock::now() < drain_until) nap();
  const auto killed_before = killed_tokens();
  // Also when nothing seems left: a token that was offered in the last instant is killed rather than run when the cores
  // are about to end.
  cancelling.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  while (!quiescent()) nap();
  end_threads();
  swept_.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with submit()
  sweep();
  return killed_tokens() - killed_before;
}

void runtime::end_threads() noexcept {
  finished.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with core::sleep()
  wake_all();
  for (auto& each : threads_) each.join();
}

/// Kills what came in after the cores had ended.
void runtime::sweep() noexcept {
  for (const auto& each : cores) each->kill_queued();
}

}  // namespace tokengate::lanes
