// The command line of tokengate.
#pragma once

namespace tokengate::program {

/// Does what the command line says and returns the exit code: 0 for success, 1 for failure, 2 for wrong usage, 128 +
/// the number of the signal after an interrupt. To be called once, by the main thread.
int run(int argument_count, const char* const* arguments);

}  // namespace tokengate::program
