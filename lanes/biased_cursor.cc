#include <new>
#include <utility>

#include <sched.h>

#include <tokengate/lanes/biased_cursor.h>

namespace tokengate::lanes {

/// Those of threads that have ended.
struct pusher_pool {
  std::mutex mutex;
  pusher* free = nullptr;

  static pusher_pool& instance() {
    static auto* const forever = new pusher_pool;
    return *forever;
  }
  pusher* take() noexcept {
    const std::scoped_lock lock(mutex);
    if (free != nullptr) return std::exchange(free, free->next_free);
    return new (std::nothrow) pusher;
  }
  void give(pusher& one) noexcept {
    const std::scoped_lock lock(mutex);
    one.next_free = std::exchange(free, &one);
  }
  /// Of the calling thread, until it ends.
  struct membership {
    bool over = false;
    ~membership() {
      over = true;
      if (pusher* const mine = std::exchange(pusher::mine, nullptr)) instance().give(*mine);
    }
  };
  static pusher* enroll() noexcept {
    static thread_local membership own;
    if (pusher::mine == nullptr && !own.over) pusher::mine = instance().take();
    return pusher::mine;
  }
};

pusher* pusher::enroll() noexcept { return pusher_pool::enroll(); }

void biased_cursor::take_over() noexcept {
  in_a_row_.store(0, std::memory_order_relaxed);
  // Without the cheap fence a locked instruction is as good.
  if (!detail::light_fence_is_free.load(std::memory_order_relaxed)) return;
  pusher* const me = pusher::enroll();
  if (me == nullptr) return;
  const std::scoped_lock lock(mutex_);
  if ((word_.load(std::memory_order_relaxed) & shared) == 0) return;  // another thread was faster
  owner_.store(me, std::memory_order_relaxed);
  // From here on nobody else's compare-exchange succeeds. Relaxed: it is this thread that goes on from what it reads.
  word_.fetch_and(~shared, std::memory_order_relaxed);
}

void biased_cursor::revoke() noexcept {
  const std::scoped_lock lock(mutex_);
  if ((word_.load(std::memory_order_relaxed) & shared) != 0) return;
  const pusher* const owner = owner_.load(std::memory_order_relaxed);
  owner_.store(nullptr, std::memory_order_relaxed);
  detail::heavy_fence();  // with the light one in claim(): it sees that it is no owner, or we see it claiming
  while (owner->claiming.load(std::memory_order_acquire) == this) ::sched_yield();
  word_.fetch_or(shared, std::memory_order_relaxed);
}

}  // namespace tokengate::lanes
