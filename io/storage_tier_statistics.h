// What a storage tier can tell about itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace tokengate::io {

/// Of its life so far, read at one moment.
struct storage_tier_statistics {
  unsigned limit = 0;
  unsigned held = 0;          ///< above `limit` while a shrunken tier runs out
  std::uint64_t waiting = 0;  ///< requests in the queue now
  std::uint64_t granted = 0;  ///< permits ever given
  std::uint64_t waits = 0;    ///< of these, after a wait in the queue
  std::chrono::nanoseconds wait_total{0}, wait_p50{0}, wait_p99{0}, wait_max{0};
};

}  // namespace tokengate::io
