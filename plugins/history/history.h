// The last executions of a coordinator as a JSON file, in the shape that the predecessor's tools read.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include <tokengate/lanes/coordinator.h>

namespace tokengate::history {

/// {timestamp, total_executions, executions: [{token_id, method_name, success, execution_time, timestamp, core_id,
/// worker_id, operation_type, state, queue_wait}]}: times in seconds (timestamps since 1970), newest first. The
/// predecessor's complexity_score is left out: nobody inspects code here. `state` and `queue_wait` are new.
[[nodiscard]] std::string to_json(std::span<const recent_execution> executions,
                                  std::chrono::system_clock::time_point when);

/// Writes what coordinator::recent(most) remembers to `<folder>/execution_history_<seconds since 1970>.json`, as a
/// whole or not at all, and returns that path. Any thread; blocks. Throws io::io_error (no such folder, full disk).
std::string dump(const coordinator& system, const std::string& folder, std::size_t most = 1000);

}  // namespace tokengate::history
