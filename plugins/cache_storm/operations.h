// The tokens of the storm: each belongs to a key, which it holds for a while, and writes to what all tokens of the key
// share without a lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <tokengate/core/registry.h>
#include <tokengate/tokengate.h>

namespace tokengate::cache_storm {

/// Of one key; plain numbers, for its tokens are on one core, and change them without letting another one in between.
struct alignas(64) desk {
  std::uint64_t visits = 0;  ///< that have ended
  std::uint64_t inside = 0, most_inside = 0;
};

/// What a token is called with. Its key alone says where it belongs.
struct visitor {
  std::uint64_t key;
  std::chrono::nanoseconds hold;  ///< how long it sleeps
  desk* at;                       ///< lives until the token has ended
  const coordinator* looks_at;    ///< whose pins it looks up; or null

  friend void fingerprint_append(auto& to, const visitor& each) { to(each.key); }
};

struct visit {
  std::uint64_t value;  ///< the key's square
  unsigned core;
  bool moved;                           ///< it ended on another core than it had begun on
  std::optional<pin_status> seen = {};  ///< the pin of its key, if it looked and found one
  std::chrono::steady_clock::time_point began, ended;
};

[[nodiscard]] constexpr std::uint64_t square(std::uint64_t key) { return key * key; }

/// Tokens of a key may sleep there at the same time.
[[nodiscard]] visit stay(const visitor& who);
/// They may not: what is read before the sleep still holds after it.
[[nodiscard]] visit stay_alone(const visitor& who);

TOKENGATE_INSTANCE(storm_token, stay, weight::medium, sticky_anchor{"storm"})
TOKENGATE_INSTANCE(storm_exclusive, stay_alone, weight::medium, sticky_anchor{"strand"}, exclusive)

/// Keys as pins() shows them.
[[nodiscard]] std::uint64_t pinned_as(std::uint64_t key, bool alone);

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::cache_storm
