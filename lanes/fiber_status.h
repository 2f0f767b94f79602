// What can be told of one fiber at one instant.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tokengate {

/// running: on its core now. ready: in line for it. suspended: waits for something. busy: its core runs one token
/// without a pause and did not answer in time.
enum class fiber_state : std::uint8_t { running, ready, suspended, busy };

[[nodiscard]] constexpr std::string_view to_string(fiber_state state) noexcept {
  constexpr std::string_view names[] = {"running", "ready", "suspended", "busy"};
  return names[static_cast<std::uint8_t>(state)];
}

/// A snapshot, taken by the core of the fiber between two tokens.
struct fiber_status {
  struct token_name {
    std::uint64_t id;
    std::string_view operation;  ///< name, or "submit" for a callable without one
  };

  unsigned core = 0;
  fiber_state state = fiber_state::running;
  std::vector<token_name> tokens;      ///< on its stack, innermost first: each is run in place by the next
  std::string_view waits_for;          ///< if suspended: "a token", "sleep", ...
  std::vector<std::uint64_t> awaited;  ///< ids, if that is tokens; owner of the lock, if that is a lock
  bool timed = false;                  ///< the wait ends at some time in any case
};

}  // namespace tokengate
