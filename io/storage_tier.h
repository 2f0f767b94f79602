// A counting permit with strict FIFO and a live limit: how many tokens may touch one speed class of storage at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <boost/intrusive/list.hpp>

#include <tokengate/core/histogram.h>
#include <tokengate/io/storage_tier_statistics.h>

namespace tokengate::io {

/// One party that wants a permit. Its owner keeps it alive and in place from a refused acquire() until `granted` was
/// called or withdraw() returned true; the tier allocates nothing.
struct permit_request {
  /// Called once, outside all locks of the tier, by the thread whose release() or set_limit() made room; the request is
  /// the owner's again and may be destroyed in it. Requests granted by different threads may be told in any order.
  void (*granted)(permit_request&) noexcept = nullptr;

  // For the tier only, under its mutex -------------------------------------------------------------------------------
  enum class place : std::uint8_t { nowhere, returning, fresh } queued = place::nowhere;
  std::uint64_t stamp = 0;  ///< ticks when it was queued
  boost::intrusive::list_member_hook<> hook;
};

/// All members may be called by any thread and any fiber; none blocks for longer than a few list operations. A request
/// waits only while no permit is free, so that whoever finds one free may take it without passing anybody.
class storage_tier {
 public:
  /// Throws misuse for a limit of 0.
  explicit storage_tier(unsigned limit);
  storage_tier(const storage_tier&) = delete;
  storage_tier& operator=(const storage_tier&) = delete;

  /// True: the caller holds a permit. One compare-exchange; false if none is free.
  [[nodiscard]] bool try_acquire() noexcept;

  /// True: the caller holds a permit and the request was not kept. False: it is queued, `granted` will follow (perhaps
  /// before this call has returned).
  [[nodiscard]] bool acquire(permit_request& request) noexcept;

  /// The same ahead of all newcomers, first come first served among the returning: for a token that gave its permit
  /// back while it waited.
  [[nodiscard]] bool acquire_again(permit_request& request) noexcept;

  /// True: the request was queued and is so no longer. False: it was granted; `granted` was or will be called.
  [[nodiscard]] bool withdraw(permit_request& request) noexcept;

  /// Gives a held permit back, to the first that waits if there is one.
  void release() noexcept;

  /// Grown: those that wait are served at once. Shrunken: nobody loses a permit, the excess runs out as it is released.
  /// Throws misuse for 0.
  void set_limit(unsigned limit);

  [[nodiscard]] unsigned limit() const noexcept;
  [[nodiscard]] unsigned held() const noexcept;

  /// Takes the mutex and adds up a histogram: for reports, not for hot paths.
  [[nodiscard]] storage_tier_statistics statistics() const;

 private:
  using queue = boost::intrusive::list<
      permit_request,
      boost::intrusive::member_hook<permit_request, boost::intrusive::list_member_hook<>, &permit_request::hook>>;

  bool acquire_slow(permit_request& request, permit_request::place where) noexcept;
  void serve(queue& served) noexcept;
  static void tell(queue& served) noexcept;

  // Limit (high 32 bits), whether anybody waits (bit 31) and permits held (low 31 bits), so that one compare-exchange
  // sees all three. While bit 31 is set only the owner of mutex_ changes the word. Taking is an acquire and giving back
  // a release, as with a lock: what one holder did happens before what the next one does. Through the queue the mutex
  // orders the same.
  std::atomic<std::uint64_t> word_;
  std::atomic<std::uint64_t> granted_{0};  // relaxed: a number for reports

  mutable std::mutex mutex_;
  queue returning_, fresh_;  // guarded by mutex_, as are all writes to what follows
  detail::histogram waits_;
  std::uint64_t wait_ticks_ = 0;
};

}  // namespace tokengate::io
