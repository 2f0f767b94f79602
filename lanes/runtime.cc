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
  core* target = nullptr;
  if (token.tags.anchored) {
    while (!offer_anchored(token)) {
      if (closed.load(std::memory_order_acquire)) break;
      slots.wait_for_one();
    }
  } else {
    target = &route(token);
    while (!closed.load(std::memory_order_acquire) && !target->offer(token)) slots.wait_for_one();
  }
  detail::light_fence();  // pairs with the heavy fences in stop(), and in core::sleep()
  if (closed.load(std::memory_order_relaxed)) {
    // Either refused above or offered while stop() began. If that is past its sweep nobody else looks at the lanes.
    if (token.state() == token_state::created)
      throw coordinator_stopped(
          "the coordinator takes no new tokens from outside: stop() was called; start() it again first");
    if (swept_.load(std::memory_order_relaxed)) sweep();
    return;
  }
  if (target == nullptr || sleeping.load(std::memory_order_relaxed) == 0) return;
  if (searching.load(std::memory_order_relaxed) != 0) return;
  target->asleep() ? target->wake() : wake_one();
}

bool runtime::offer_anchored(node& token) noexcept {
  const auto chosen = std::hash<std::string_view>{}(token.record->info.anchor) % cores.size();
  token.bound = true;
  token.home = static_cast<std::uint16_t>(chosen);
  if (closed.load(std::memory_order_acquire) && detail::host::current() == nullptr) return false;
  if (!cores[chosen]->offer(token)) return false;
  detail::light_fence();  // pairs with the heavy fence in core::sleep()
  cores[chosen]->wake();
  return true;
}

void runtime::wake_one() noexcept {
  for (const auto& each : cores)
    if (each->asleep()) return each->wake();
}

void runtime::wake_all() noexcept {
  for (const auto& each : cores) each->wake();
}

// --- beginning and end
// ------------------------------------------------------------------------------------------------

void runtime::start_threads(const std::vector<unsigned>& processors) {
  for (const auto& each : cores) threads_.emplace_back([&core = *each] { core.run(); });
  const bool enough = processors.size() >= cores.size();
  for (std::size_t i = 0; enough && i < threads_.size(); ++i) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(processors[i], &mask);
    // A processor that went away meanwhile only costs the pinning.
    ::pthread_setaffinity_np(threads_[i].native_handle(), sizeof mask, &mask);
  }
  open();
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
  close();
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
  if (!quiescent()) {
    cancelling.store(true, std::memory_order_seq_cst);
    detail::heavy_fence();  // with core::sleep()
    wake_all();
    while (!quiescent()) nap();
  }
  finished.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();
  wake_all();
  for (auto& each : threads_) each.join();
  swept_.store(true, std::memory_order_seq_cst);
  detail::heavy_fence();  // with submit()
  sweep();
  return killed_tokens() - killed_before;
}

/// Kills what came in after the cores had ended.
void runtime::sweep() noexcept {
  for (const auto& each : cores) each->kill_queued();
}

}  // namespace tokengate::lanes
