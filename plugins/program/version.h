#pragma once

namespace tokengate::program {

inline constexpr const char* version = "0.1.0";

}  // namespace tokengate::program
