// Reports of tokens that hold their core: they compute, or block the thread, without a suspension point.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tokengate {

/// A token has run for longer than options::stall_after while its core did nothing else.
struct stall_report {
  unsigned core;
  std::uint64_t token;            ///< its id
  std::string_view operation;     ///< name, or "submit" for a callable without one
  std::chrono::nanoseconds held;  ///< for how long the core was seen to make no progress; the token may be older
  std::span<void* const> frames;  ///< return addresses of the core's thread, innermost first; see describe_frame()
};

/// Called once for each stall, on a maintenance thread; must not throw. What it may not do: start or stop coordinators.
using stall_handler = void (*)(const stall_report&) noexcept;

/// Replaces the handler (the default prints to standard error; null = nothing). Returns the previous one.
stall_handler set_stall_handler(stall_handler handler) noexcept;

/// "function+0x1f (file)" as far as it is known to the dynamic linker, else "file(+0x1234)", which addr2line
/// understands.
[[nodiscard]] std::string describe_frame(const void* address);

namespace detail {
void report_stall(const stall_report& stall) noexcept;
}  // namespace detail

}  // namespace tokengate
