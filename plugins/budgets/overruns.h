// Which operations took longer than they should.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include <tokengate/core/operation_info.h>
#include <tokengate/lanes/coordinator.h>

namespace tokengate::budgets {

/// One line for each operation of which more than one token in a hundred ran for longer than its budget. `limits` are
/// the budgets of `operations`, in their order (budgets_of).
[[nodiscard]] std::string overruns(std::span<const operation_statistics> statistics,
                                   std::span<const operation_info* const> operations,
                                   std::span<const std::chrono::nanoseconds> limits);

}  // namespace tokengate::budgets
