// Failures of tokens whose handle was let go: counted, and told to a handler, so that none is lost silently.
#pragma once

#include <cstdint>
#include <exception>
#include <string_view>

namespace tokengate {

/// A token failed and nobody will ask for its result.
struct unobserved_failure {
  std::string_view operation;  ///< name, or "submit" for a callable without one
  std::uint64_t token;         ///< its id
  std::exception_ptr error;
};

/// Called on the thread that ended the token; must not throw and should not block.
using unobserved_failure_handler = void (*)(const unobserved_failure&) noexcept;

/// Replaces the handler (the default prints one line to standard error; null = only count). Returns the previous one.
unobserved_failure_handler set_unobserved_failure_handler(unobserved_failure_handler handler) noexcept;

/// How many there were in this process.
[[nodiscard]] std::uint64_t unobserved_failures() noexcept;

namespace detail {
class node;
void note_unobserved_failure(const node& failed) noexcept;
}  // namespace detail

}  // namespace tokengate
