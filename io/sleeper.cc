#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tokengate/io/sleeper.h>

namespace tokengate::io {
namespace {

constexpr std::uint32_t value(sleeper::place where) noexcept { return static_cast<std::uint32_t>(where); }

}  // namespace

bool sleeper::enter(place where) noexcept {
  auto expected = value(place::awake);
  // Release: an interrupter that finds us asleep may use what the owner made before (its ring).
  if (word_.compare_exchange_strong(expected, value(where), std::memory_order_acq_rel, std::memory_order_acquire))
    return true;
  leave();
  return false;
}

void sleeper::leave() noexcept { word_.exchange(value(place::awake), std::memory_order_acq_rel); }

void sleeper::sleep(deadline until) noexcept {
  if (!enter(place::in_futex)) return;
  // FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, which is what steady_clock counts on Linux.
  timespec at{};
  const timespec* limit = nullptr;
  if (until != deadline::max()) {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch()).count();
    if (ns > 0) at = {ns / 1'000'000'000, ns % 1'000'000'000};
    limit = &at;
  }
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word_), FUTEX_WAIT_BITSET_PRIVATE, value(place::in_futex),
            limit, nullptr, FUTEX_BITSET_MATCH_ANY);
  leave();
}

sleeper::place sleeper::interrupt() noexcept {
  const auto was = static_cast<place>(word_.exchange(value(place::interrupted), std::memory_order_acq_rel));
  if (was == place::in_futex)
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word_), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  return was;
}

}  // namespace tokengate::io
