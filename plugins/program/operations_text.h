// The registry for people.
#pragma once

#include <span>
#include <string>

#include <tokengate/core/operation_info.h>

namespace tokengate::program {

/// A table with one row per operation: its tags, where it stands, whom it calls.
[[nodiscard]] std::string operations_text(std::span<const operation_info* const> operations);

}  // namespace tokengate::program
