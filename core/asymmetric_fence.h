// A full fence of which one side is free: for "I publish work, then look whether somebody sleeps" on every token
// against "I note that I sleep, then look for work" once in a while.
#pragma once

#include <atomic>

namespace tokengate::detail {

/// True when the kernel offers membarrier(PRIVATE_EXPEDITED); decided by prepare_asymmetric_fence().
extern std::atomic<bool> light_fence_is_free;

/// Registers the process with the kernel. Before the first core starts; idempotent, any thread.
void prepare_asymmetric_fence() noexcept;

/// The frequent side. Together with heavy_fence() on the other side it orders as two seq_cst fences would: of "store A;
/// light; load B" and "store B; heavy; load A" at least one load sees the other's store.
inline void light_fence() noexcept {
  // Relaxed: set before any core runs, never changed again.
  if (light_fence_is_free.load(std::memory_order_relaxed)) [[likely]]
    std::atomic_signal_fence(
        std::memory_order_seq_cst);  // keeps the compiler from reordering; the kernel does the rest
  else
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

/// The rare side: makes every running thread of the process pass a full fence (some microseconds).
void heavy_fence() noexcept;

}  // namespace tokengate::detail
