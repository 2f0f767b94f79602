// The cache storm as a job of the program: many tokens of few keys at once, each key on one core.
#pragma once

#include <tokengate/plugins/cache_storm/operations.h>
#include <tokengate/plugins/program/workload.h>

namespace tokengate::cache_storm {

inline constexpr const char* summary =
    "Storm sticky anchors with tokens of the same keys, and see each key on one core";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::cache_storm
