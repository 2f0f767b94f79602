// What a thread that fills mailboxes is known by.
#pragma once

#include <atomic>

namespace tokengate::lanes {

/// One of these belongs to each thread that has pushed; it goes to another thread when that one ends, and is never
/// freed, so that others may look at it whatever has become of the thread.
struct alignas(64) pusher {
  /// What the thread is just about to claim a place in, without a locked instruction; else null. Release by the thread,
  /// acquire by who revokes its privilege (biased_cursor.h).
  std::atomic<const void*> claiming{nullptr};
  pusher* next_free = nullptr;

  /// The calling thread's, or null if it has none yet.
  [[nodiscard]] static pusher* own() noexcept { return mine; }
  /// The same; gives it one. Null when there is no memory, or the thread is about to end.
  static pusher* enroll() noexcept;

 private:
  friend struct pusher_pool;
  static constinit thread_local pusher* mine;
};

inline constinit thread_local pusher* pusher::mine = nullptr;

}  // namespace tokengate::lanes
