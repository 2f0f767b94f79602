// The conductor as a job of the program: leads whose children must be with them, and know them by their seed.
#pragma once

#include <tokengate/plugins/conductor/operations.h>
#include <tokengate/plugins/program/workload.h>

namespace tokengate::conductor {

inline constexpr const char* summary = "Conduct leads with children, and see them on one core with one seed";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::conductor
