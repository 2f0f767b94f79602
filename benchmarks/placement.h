// Where threads run, so that whoever wins is not decided by where the kernel puts them.
#pragma once

#include <sched.h>

namespace tokengate::benchmarks {

/// This thread stays on the first processor that it may use, where TokenGate's first core is.
void stay_on_first_processor() noexcept;

/// While it lives, this thread stays on the last processor that it may use: for callers of a single worker. Threads
/// made meanwhile would stay there, too: make them first.
class [[nodiscard]] on_last_processor {
 public:
  on_last_processor() noexcept;
  on_last_processor(const on_last_processor&) = delete;
  on_last_processor& operator=(const on_last_processor&) = delete;
  ~on_last_processor();

 private:
  cpu_set_t before_;
};

}  // namespace tokengate::benchmarks
