// How much memory this process has.
#pragma once

#include <cstdint>

namespace tokengate::workbench {

/// Resident bytes now, from /proc; 0 where that cannot be read.
[[nodiscard]] std::uint64_t resident_bytes();

}  // namespace tokengate::workbench
