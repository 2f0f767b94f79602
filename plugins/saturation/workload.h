// How much happens at once, as a job of the program: bursts and sustained loads of tokens that sleep or compute.
#pragma once

#include <tokengate/plugins/program/workload.h>
#include <tokengate/plugins/saturation/operations.h>

namespace tokengate::saturation {

inline constexpr const char* summary = "Measure how much happens at once: bursts and sustained loads of sleepers";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::saturation
