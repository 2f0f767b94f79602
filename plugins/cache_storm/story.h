// What became of the keys of a storm: whether each stayed on one core for as long as tokens of it were in flight.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tokengate/lanes/anchor_status.h>
#include <tokengate/plugins/cache_storm/operations.h>

namespace tokengate::cache_storm {

using time_point = std::chrono::steady_clock::time_point;

/// A token that came back.
struct seen_visit {
  time_point submitted;  ///< the call that submitted it had returned
  visit what;
};

struct story {
  std::uint64_t tokens = 0;
  std::vector<unsigned> cores;         ///< in the order in which they were used
  std::uint64_t moves = 0;             ///< from core to core while no token of the key was in flight, for all we know
  std::uint64_t late = 0;              ///< tokens that began before one of the key that was submitted earlier
  std::optional<unsigned> split_with;  ///< two cores at a time: the last of `cores`, and this one
};

/// Of the tokens of one key, in the order of submission by one thread. A pin holds from before `submitted` until after
/// `ended`: when a token was submitted while another one had not ended, they must have had the same core.
[[nodiscard]] story tell(std::span<const seen_visit> visits);

/// What pins() showed, some time between two instants.
struct snapshot {
  time_point before, after;
  std::vector<pin_status> pins;  ///< sorted by key
};

/// How the pin of a key must have been there: with the core of those tokens that were in flight all the while, and at
/// least as many. Empty, or what is wrong, without the key's name.
[[nodiscard]] std::string contradiction(const snapshot& seen, std::uint64_t pinned_as,
                                        std::span<const seen_visit> visits);

}  // namespace tokengate::cache_storm
