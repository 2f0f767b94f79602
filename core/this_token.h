// What the function of a running token may ask about itself and do to itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace tokengate::detail {
class node;
}

namespace tokengate::this_token {

/// The id of the running token; 0 outside a token.
[[nodiscard]] std::uint64_t id() noexcept;

/// The index of the core that runs this token, from 0. Throws misuse outside a token.
[[nodiscard]] unsigned core();

/// Lets other ready tokens of this core run first, as many as its workers allow. Outside a token:
/// std::this_thread::yield.
void yield();

/// Suspends the token (its core drains on) or blocks the thread, until the time has come.
void sleep_until(std::chrono::steady_clock::time_point wake);
void sleep_for(std::chrono::nanoseconds length);

/// What time it is: that of steady_clock, but in a simulated coordinator its own, which passes as its seed says.
[[nodiscard]] std::chrono::steady_clock::time_point now() noexcept;

/// Whether the token was asked to stop (kill, timeout, hard stop), or one that waits for it was. A token that computes
/// for long asks now and then, and returns or throws. False outside a token.
[[nodiscard]] bool stop_requested() noexcept;

/// When the token's timeout ends, or that of a token above it if that is earlier; time_point::max() if there is none.
[[nodiscard]] std::chrono::steady_clock::time_point deadline() noexcept;

/// While it lives, a kill, a timeout or a hard stop does not end the waits of the running token by an exception. For
/// code that must wait and must not throw, such as a destructor that runs on the normal path; while an exception is
/// being unwound, and while the arguments of an ended token are destroyed, every wait is shielded anyway. To be
/// destroyed by the token that made it.
class [[nodiscard]] shield {
 public:
  shield() noexcept;
  shield(const shield&) = delete;
  shield& operator=(const shield&) = delete;
  ~shield();

 private:
  detail::node* token_;
};

}  // namespace tokengate::this_token
