// A registry as text for people and for other programs.
#pragma once

#include <span>
#include <string>

#include <tokengate/core/operation_info.h>

namespace tokengate {

/// The operations as JSON, in the given order: {"operations": [{"name": ..., "file": ..., "line": ..., tags...}, ...]}.
/// Tags an operation was not given are absent, but for the weight.
std::string to_json(std::span<const operation_info* const> operations);

/// Who calls whom as a Mermaid flow chart: a node per operation, an arrow per name in external_calls.
std::string to_mermaid(std::span<const operation_info* const> operations);

}  // namespace tokengate
