// Chains as a job of the program: leads with children, and steps that wait for each other.
#pragma once

#include <tokengate/plugins/chains/operations.h>
#include <tokengate/plugins/program/workload.h>

namespace tokengate::chains {

inline constexpr const char* summary = "Measure leads that wait for their children, one at a time and many at once";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::chains
