// The last tokens that a core ran, for looking on.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tokengate/core/token_state.h>

namespace tokengate {

/// A token that was begun and has ended, of those whose times are taken (options::timing).
struct recent_execution {
  std::uint64_t token = 0;
  std::string_view operation;  ///< name, or "submit" for a callable without one
  token_state end = token_state::completed;
  std::chrono::nanoseconds queue_wait{0}, run_time{0};  ///< not run (0): stopped as it was to begin
  std::chrono::system_clock::time_point ended;          ///< to some 10 microseconds per second that has passed since
  unsigned core = 0, worker = 0;                        ///< who ran it

  /// As in "worker_2_core_0".
  [[nodiscard]] std::string worker_name() const;
};

namespace lanes {

/// A ring of the last executions of one core. The core writes, anybody reads at any time and never hinders it.
class recent_ring {
 public:
  static constexpr std::size_t size = 128;  ///< a coordinator with one core remembers at least a hundred

  struct entry {
    std::uint64_t token = 0;
    std::uint64_t queue_wait = 0, run_time = 0, ended = 0;  ///< ticks
    std::uint32_t operation = 0;                            ///< number, as nodes have it
    token_state end = token_state::completed;
    std::uint32_t worker = 0;  ///< below 2^24
  };

  /// The core only.
  void add(const entry& made) noexcept;
  /// Any thread: appends what is in the ring, newest first. What is overwritten meanwhile is left out.
  void read(std::vector<entry>& into) const;

 private:
  // A seqlock per slot. `turn` is 2n + 1 while the n-th entry is written and 2n + 2 when it is there. The fields are
  // stored with release after the odd turn and loaded with acquire before the second look at it: a reader that saw any
  // field of a later entry sees a later turn, too, and drops what it has. The even turn is stored with release and
  // loaded with acquire first, so that all fields of its entry are seen. On x86 all of these are plain moves.
  struct alignas(64) slot {
    std::atomic<std::uint64_t> turn{0};
    std::atomic<std::uint64_t> token{0}, queue_wait{0}, run_time{0}, ended{0}, rest{0};
  };

  std::array<slot, size> slots_{};
  std::atomic<std::uint64_t> added_{0};  // one writer; release, acquired by readers: the slots below it are written
};

}  // namespace lanes
}  // namespace tokengate
