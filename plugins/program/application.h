// What the program is made of: its workloads and their operations.
#pragma once

#include <chrono>
#include <span>

#include <tokengate/core/operation_info.h>
#include <tokengate/plugins/program/workload.h>

namespace tokengate::program {

[[nodiscard]] std::span<const workload_entry> workloads() noexcept;

/// All operations, in the order of the compile-time registry.
[[nodiscard]] std::span<const operation_info* const> operations() noexcept;

/// Their budgets (plugins/budgets), in the same order; 0 for those without.
[[nodiscard]] std::span<const std::chrono::nanoseconds> operation_budgets() noexcept;

}  // namespace tokengate::program
