// The life of a token as a table: which state may follow which.
#pragma once

#include <cstdint>
#include <string_view>

namespace tokengate {

/// created -> waiting -> admitted -> executing -> completed | failed | killed | timeout; the last four are terminal.
enum class token_state : std::uint8_t { created, waiting, admitted, executing, completed, failed, killed, timeout };

[[nodiscard]] constexpr bool is_terminal(token_state state) noexcept { return state >= token_state::completed; }

/// Whether a token may go from one state to the other in one step. A request for any other step changes nothing.
[[nodiscard]] constexpr bool may_follow(token_state from, token_state to) noexcept {
  using enum token_state;
  switch (from) {
    case created:
      return to == waiting || to == killed;
    case waiting:
      return to == admitted || to == killed || to == timeout;
    case admitted:
      return to == executing || to == killed || to == timeout;
    case executing:
      return is_terminal(to);
    default:
      return false;
  }
}

[[nodiscard]] constexpr std::string_view to_string(token_state state) noexcept {
  constexpr std::string_view names[] = {"created",   "waiting", "admitted", "executing",
                                        "completed", "failed",  "killed",   "timeout"};
  return names[static_cast<std::uint8_t>(state)];
}

}  // namespace tokengate
