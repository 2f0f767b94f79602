// What a spinning thread does between two looks.
#pragma once

namespace tokengate::detail {

/// Tells the processor that this thread only waits; some tens of nanoseconds.
inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

}  // namespace tokengate::detail
