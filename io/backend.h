// Who does the waiting for files.
#pragma once

#include <cstdint>

namespace tokengate::io {

/// automatic: io_uring, or threads where the kernel refuses it. uring: the same, but making the poller throws where it
/// is refused. threads: a small pool of threads shared by all cores, as on a kernel without io_uring.
enum class backend : std::uint8_t { automatic, uring, threads };

}  // namespace tokengate::io
