// treehash as a job of the program: hashes every regular file below some paths, or verifies a list.
#pragma once

#include <tokengate/plugins/program/workload.h>
#include <tokengate/plugins/treehash/operations.h>

namespace tokengate::treehash {

inline constexpr const char* summary = "Hash every file below some paths, or verify a list of digests";

std::unique_ptr<program::workload> make_workload();

}  // namespace tokengate::treehash
