// The statistics of a coordinator as a table.
#pragma once

#include <span>
#include <string>

#include <tokengate/lanes/coordinator.h>

namespace tokengate::report {

/// One row per operation that had tokens: how many, how long they waited and ran, and which share of them ran on each
/// core. Ends with a newline; empty if there were no tokens at all.
[[nodiscard]] std::string statistics_table(std::span<const operation_statistics> operations);

}  // namespace tokengate::report
