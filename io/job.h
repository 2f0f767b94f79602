// Something for the pool of threads that block (offload.h).
#pragma once

#include <atomic>
#include <cstddef>

#include <boost/intrusive/list_hook.hpp>

namespace tokengate::io {

/// Something for a thread of the pool to do; its owner keeps it alive until it was run or withdrawn.
struct job {
  /// Called once. The pool does not touch the job after the call began.
  void (*run)(job&) noexcept = nullptr;
  /// Incremented by who starts the job, decremented (release) when the pool will not touch anything of that party any
  /// more, which is after `run` has returned. May be null.
  std::atomic<std::size_t>* outstanding = nullptr;

  bool queued = false;  ///< for the pool only, under its mutex
  boost::intrusive::list_member_hook<> hook;
};

}  // namespace tokengate::io
