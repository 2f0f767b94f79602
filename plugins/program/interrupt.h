// Ctrl-C and `kill` as a request instead of a sudden end.
#pragma once

namespace tokengate::program {

/// From now on SIGINT and SIGTERM are noted. A second one of the same kind ends the process at once.
void catch_interrupts() noexcept;

/// The signal that came, or 0. Any thread; costs one load.
[[nodiscard]] int caught_interrupt() noexcept;

}  // namespace tokengate::program
