// The predecessor's waves as a job of the program: ever larger batches of tokens, submitted and awaited.
#pragma once

#include <tokengate/plugins/mixed/operations.h>
#include <tokengate/plugins/program/workload.h>

namespace tokengate::mixed {

inline constexpr const char* summary = "Measure waves of 4 to 65,536 tokens, of mixed weights, beside the predecessor";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::mixed
