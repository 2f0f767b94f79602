// A fiber that drains its core's queues.
#pragma once

#include <cstddef>

#include <tokengate/core/host.h>
#include <tokengate/lanes/core.h>

namespace tokengate::lanes {

/// Lives on the worker's own stack.
struct core::worker {
  fiber_scheduler::context* context;
  const std::byte* inline_limit;  ///< tokens run in place only on the part of the stack above this address
  unsigned number;                ///< that no other worker of the core has now
  worker* next_idle = nullptr;
  worker *next = nullptr, **link = nullptr;  ///< in the list of all workers of the core
  frame* top = nullptr;                      ///< while it does not run: the innermost of its tokens
  detail::waiter* parked = nullptr;          ///< while it is suspended in a wait

  void enter(worker*& list) noexcept {
    next = list;
    link = &list;
    if (next != nullptr) next->link = &next;
    list = this;
  }
  void leave() noexcept {
    *link = next;
    if (next != nullptr) next->link = link;
  }
};

}  // namespace tokengate::lanes
