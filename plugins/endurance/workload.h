// A sustained load as a job of the program: as many tokens under way as allowed, for a while, watched.
#pragma once

#include <tokengate/plugins/endurance/operations.h>
#include <tokengate/plugins/program/workload.h>

namespace tokengate::endurance {

inline constexpr const char* summary = "Keep all cores loaded for a while; watch throughput, queue waits and memory";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::endurance
