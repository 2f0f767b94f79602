// The registry for people.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include <tokengate/core/operation_info.h>

namespace tokengate::program {

/// A table with one row per operation: its tags, its budget, where it stands, whom it calls. `budgets` belong to
/// `operations`, one by one; 0 means none.
[[nodiscard]] std::string operations_text(std::span<const operation_info* const> operations,
                                          std::span<const std::chrono::nanoseconds> budgets);

}  // namespace tokengate::program
