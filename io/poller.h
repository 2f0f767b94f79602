// What a core asks for its files: an io_uring of its own, or the pool where the kernel refuses one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <tokengate/core/poller.h>
#include <tokengate/io/backend.h>
#include <tokengate/io/sleeper.h>

namespace tokengate::io {

class request;
class ring;
struct job;

/// How a core's tokens came to their data.
struct io_counters {
  std::uint64_t cached = 0;     ///< calls that the kernel answered from memory at once
  std::uint64_t ring = 0;       ///< requests handed to the core's io_uring
  std::uint64_t offloaded = 0;  ///< requests and blocking() calls handed to the pool
};

/// The poller that lanes/ makes for every core; io:: finds it through detail::host::current()->events(). Its core may
/// end it on any thread once the tokens of the core have ended.
class core_poller : public poller {
 public:
  /// Throws io_error for backend::uring where the kernel refuses it.
  explicit core_poller(backend wanted);
  core_poller(const core_poller&) = delete;
  core_poller& operator=(const core_poller&) = delete;
  /// Returns when no thread of the pool is about to wake a fiber of this core any more.
  ~core_poller() override;

  unsigned poll() noexcept override;
  [[nodiscard]] bool pending() const noexcept override;
  void sleep(deadline until) noexcept override;
  void interrupt() noexcept override;

  /// Any thread.
  [[nodiscard]] io_counters counters() const noexcept;

  // For io/, on the core's own thread --------------------------------------------------------------------------------
  /// The poller of the core that the calling thread drives, or null.
  [[nodiscard]] static core_poller* here() noexcept;
  /// The same if the kernel's memory may be asked first; null in a simulation, where what it holds must not matter.
  [[nodiscard]] static core_poller* here_with_cache() noexcept;

  /// Makes the ring on first use.
  virtual void start(request& work) noexcept;
  /// `work` is in the ring of this core.
  virtual void cancel(request& work) noexcept;
  /// Hands a job to the pool.
  virtual void offload(job& work) noexcept;
  void count_cached() noexcept;
  /// Counts a job for the pool in; gives what job::outstanding must point to.
  std::atomic<std::size_t>* count_offloaded() noexcept;

 protected:
  struct simulated {};
  explicit core_poller(simulated) noexcept;

 private:
  void start_in_pool(request& work) noexcept;

  backend backend_;
  const bool may_ask_cache_ = true;
  std::unique_ptr<ring> ring_;
  sleeper sleeper_;
  // One writer, the core; relaxed, for reports.
  std::atomic<std::uint64_t> cached_{0}, in_ring_{0}, offloaded_{0};
  // Incremented by the core, decremented (release) by the pool, read (acquire) by the destructor.
  std::atomic<std::size_t> outstanding_{0};
};

/// The poller for one core; to be used by one thread, from its first poll() on. Throws like core_poller.
[[nodiscard]] std::unique_ptr<poller> make_poller(backend wanted);

}  // namespace tokengate::io
