// Numbers and names as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tokengate::report {

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string count_text(std::uint64_t count);

/// 1500000 -> "1.50 MB": three digits, units of a thousand.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// 1234 ns -> "1.23 us": three digits, from ns to s.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

/// 3723 s -> "1:02:03", 62 s -> "1:02".
[[nodiscard]] std::string clock_text(std::chrono::seconds duration);

/// A file's name for a message: in shell quotes where it needs them, control characters spelled out, as GNU tools do.
[[nodiscard]] std::string quoted_name(std::string_view name);

}  // namespace tokengate::report
