#include <algorithm>

#include <tokengate/lanes/recent.h>

namespace tokengate {

std::string recent_execution::worker_name() const {
  return "worker_" + std::to_string(worker) + "_core_" + std::to_string(core);
}

namespace lanes {

void recent_ring::add(const entry& made) noexcept {
  const auto n = added_.load(std::memory_order_relaxed);
  slot& here = slots_[n % size];
  here.turn.store(2 * n + 1, std::memory_order_relaxed);
  here.token.store(made.token, std::memory_order_release);
  here.queue_wait.store(made.queue_wait, std::memory_order_release);
  here.run_time.store(made.run_time, std::memory_order_release);
  here.ended.store(made.ended, std::memory_order_release);
  here.rest.store(
      std::uint64_t{made.worker} << 40 | std::uint64_t{static_cast<std::uint8_t>(made.end)} << 32 | made.operation,
      std::memory_order_release);
  here.turn.store(2 * n + 2, std::memory_order_release);
  added_.store(n + 1, std::memory_order_release);
}

void recent_ring::read(std::vector<entry>& into) const {
  const auto added = added_.load(std::memory_order_acquire);
  const auto oldest = added - std::min<std::uint64_t>(added, size);
  for (auto n = added; n-- > oldest;) {
    const slot& here = slots_[n % size];
    if (here.turn.load(std::memory_order_acquire) != 2 * n + 2) continue;
    entry found;
    found.token = here.token.load(std::memory_order_acquire);
    found.queue_wait = here.queue_wait.load(std::memory_order_acquire);
    found.run_time = here.run_time.load(std::memory_order_acquire);
    found.ended = here.ended.load(std::memory_order_acquire);
    const auto rest = here.rest.load(std::memory_order_acquire);
    if (here.turn.load(std::memory_order_relaxed) != 2 * n + 2) continue;
    found.operation = static_cast<std::uint32_t>(rest);
    found.end = static_cast<token_state>(rest >> 32 & 0xff);
    found.worker = static_cast<std::uint32_t>(rest >> 40);
    into.push_back(found);
  }
}

}  // namespace lanes
}  // namespace tokengate
