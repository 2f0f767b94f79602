#include <string_view>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <tokengate/core/clock.h>
#include <tokengate/core/token_status.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tokengate::detail {
namespace {

using clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

#if defined(__x86_64__)

// The counter keeps its pace in every power state, says the processor (CPUID 0x80000007, EDX bit 8).
bool counter_is_invariant() noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1u << 8)) != 0;
}

// A kernel that found the counters of the cores apart takes "tsc" off its list. Where the list cannot be read
// (a container without /sys) the processor's word has to do.
bool kernel_distrusts_counter() noexcept {
  const int file = ::open("/sys/devices/system/clocksource/clocksource0/available_clocksource", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[256];
  const ssize_t length = ::read(file, text, sizeof text);
  ::close(file);
  if (length <= 0) return false;
  std::string_view list{text, static_cast<std::size_t>(length)};
  while (!list.empty()) {
    const std::size_t end = list.find_first_of(" \n");
    if (list.substr(0, end) == "tsc") return false;
    list = end == list.npos ? std::string_view{} : list.substr(end + 1);
  }
  return true;
}

tick_source choose_source() noexcept {
  return counter_is_invariant() && !kernel_distrusts_counter() ? tick_source::counter : tick_source::steady_clock;
}

#else

tick_source choose_source() noexcept { return tick_source::steady_clock; }

#endif

// One moment on both clocks.
struct moment {
  std::uint64_t ticks;
  clock::time_point time;
};

// Of several attempts the one with the shortest bracket wins: it was neither preempted nor did it miss the cache.
moment now_on_both() noexcept {
  moment best{};
  std::uint64_t shortest = UINT64_MAX;
  for (int attempt = 0; attempt < 8; ++attempt) {
    const std::uint64_t before = ticks();
    const clock::time_point time = clock::now();
    const std::uint64_t bracket = ticks() - before;
    if (bracket < shortest) {
      shortest = bracket;
      best = {before + bracket / 2, time};
    }
  }
  return best;
}

// CPUID leaves 0x15/0x16 would save the wait, but virtual machines leave them empty or show those of another host.
double measure_pace() noexcept {
  const moment first = now_on_both();
  if (decided_tick_source.load(std::memory_order_relaxed) == tick_source::steady_clock) return 1.0;
  std::this_thread::sleep_for(std::chrono::milliseconds{4});
  const moment last = now_on_both();
  const std::chrono::duration<double, std::nano> passed = last.time - first.time;
  return static_cast<double>(last.ticks - first.ticks) / passed.count();
}

}  // namespace

std::uint64_t first_ticks() noexcept {
  decided_tick_source.store(choose_source(), std::memory_order_relaxed);
  return ticks();
}

double ticks_per_nanosecond() noexcept {
  static const double pace = measure_pace();
  return pace;
}

std::chrono::nanoseconds to_nanoseconds(std::uint64_t ticks) noexcept {
  static const double nanoseconds_per_tick = 1.0 / ticks_per_nanosecond();
  return std::chrono::nanoseconds{
      static_cast<std::int64_t>(static_cast<double>(static_cast<std::int64_t>(ticks)) * nanoseconds_per_tick)};
}

std::optional<token_status::time> time_of(std::uint64_t stamp) noexcept {
  if (stamp == 0) return std::nullopt;
  // Counted back from now, so that the pace's error counts for the age only.
  static_cast<void>(ticks_per_nanosecond());
  const moment present = now_on_both();
  return present.time - to_nanoseconds(present.ticks - stamp);
}

}  // namespace tokengate::detail
