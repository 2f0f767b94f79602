// What can be told of one token at one instant.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <tokengate/core/token_state.h>

namespace tokengate {

/// A snapshot. Times are there for tokens whose times are taken (options::timing), as far as the token has come.
struct token_status {
  using time = std::chrono::steady_clock::time_point;

  std::uint64_t id = 0;
  std::string_view operation;  ///< name, or "submit" for a callable without one
  token_state state = token_state::created;
  std::uint64_t creator = 0;    ///< id of the token that made it; 0 from outside
  bool stop_requested = false;  ///< by kill, timeout or a hard stop
  std::string_view reason;      ///< of that request
  std::optional<time> created, started, ended;

  /// From submission to start, and from start to end (or to now, if it still runs).
  [[nodiscard]] std::optional<std::chrono::nanoseconds> wait_time() const {
    if (!created || !started) return std::nullopt;
    return *started - *created;
  }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> run_time() const {
    if (!started) return std::nullopt;
    return ended.value_or(std::chrono::steady_clock::now()) - *started;
  }
};

namespace detail {
/// The time of a stamp of clock.h, to some 10 microseconds per second that has passed since; none for 0.
std::optional<token_status::time> time_of(std::uint64_t ticks) noexcept;
}  // namespace detail

}  // namespace tokengate
