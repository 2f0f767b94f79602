#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tokengate/core/asymmetric_fence.h>

namespace tokengate::detail {

std::atomic<bool> light_fence_is_free{false};

void prepare_asymmetric_fence() noexcept {
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0)
    light_fence_is_free.store(true, std::memory_order_relaxed);
}

void heavy_fence() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // Without it light_fence() is a full fence itself.
  if (!light_fence_is_free.load(std::memory_order_relaxed)) return;
  while (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
    if (errno == ENOMEM) continue;  // of the kernel, for a moment
    std::perror(
        "tokengate: membarrier was allowed at the start, and now is not (a seccomp filter?); cores cannot go on");
    std::abort();
  }
}

}  // namespace tokengate::detail
