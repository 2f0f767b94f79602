// What happened in a simulation, in order: its fingerprint, and its last events in words.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tokengate::lanes {

enum class trace_event : std::uint8_t {
  submitted,   ///< taken from a thread
  spawned,     ///< made by a token
  begun,       ///< by a worker
  ended,       ///< and its worker goes on
  in_place,    ///< run by the token that waits for it
  not_placed,  ///< could have been, but the seed decided otherwise
  waits,
  goes_on,
  yields,
  switched,  ///< another core runs first
  time,      ///< nothing to do: the clock is put forward
  limited,   ///< convergence: so many workers may be busy
  stuck      ///< nothing can happen any more
};

/// Of one simulation; not thread-safe. The fingerprint covers everything, the text the last `most` events.
class trace {
 public:
  explicit trace(std::size_t most) : most_(most == 0 ? 1 : most) {}

  struct entry {
    std::chrono::nanoseconds time;  ///< since the start of the simulation
    std::uint32_t token;            ///< in the order in which tokens were made, from 1; 0: none
    std::uint32_t operation;        ///< of the token, as nodes have it
    std::uint16_t core;
    trace_event event;
    std::uint8_t detail;  ///< the kind, or the reason, of a wait; or a number
  };

  void add(const entry& next);
  [[nodiscard]] std::uint64_t fingerprint() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return count_; }
  /// A line for each of the last `most` events, oldest first.
  [[nodiscard]] std::string text(std::size_t most) const;

 private:
  void mix(std::uint64_t value) noexcept;

  const std::size_t most_;
  std::vector<entry> last_;  // a ring once it is full
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace tokengate::lanes
