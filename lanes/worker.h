// A fiber that drains its core's queues.
#pragma once

#include <cstddef>

#include <tokengate/lanes/core.h>

namespace tokengate::lanes {

/// Lives on the worker's own stack.
struct core::worker {
  fiber_scheduler::context* context;
  const std::byte* stack_top;  ///< an address near the top; stacks grow down from here
  worker* next_idle = nullptr;
};

}  // namespace tokengate::lanes
