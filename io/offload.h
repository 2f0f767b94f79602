// The threads that block so that cores need not.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include <boost/intrusive/list.hpp>

#include <tokengate/io/job.h>

namespace tokengate::io {

/// One pool per process: idle threads end after a while, and at exit nobody waits for busy ones. All members: any
/// thread, never blocking for longer than it takes to start a thread.
class offload {
 public:
  static offload& shared();

  /// Runs the job on a thread of the pool, first come first served; here and now if no thread can be made at all.
  void start(job& work) noexcept;

  /// True: the job was still queued and will not be run. False: it runs or has run.
  bool withdraw(job& work) noexcept;

 private:
  offload() = default;
  bool add_thread() noexcept;
  void serve() noexcept;
  void run_queued(std::unique_lock<std::mutex>& lock) noexcept;

  // As many as the tokens of the largest storage tier, and then some.
  static constexpr std::size_t most_threads = 128;

  std::mutex mutex_;
  std::condition_variable wanted_;
  boost::intrusive::list<job, boost::intrusive::member_hook<job, boost::intrusive::list_member_hook<>, &job::hook>>
      queue_;
  std::size_t threads_ = 0, idle_ = 0;
};

}  // namespace tokengate::io
