#include <algorithm>
#include <functional>

#include <tokengate/plugins/cache_storm/story.h>

namespace tokengate::cache_storm {

story tell(std::span<const seen_visit> visits) {
  story key;
  time_point held_until = time_point::min(), last_begun = time_point::min();
  for (const auto& [submitted, what] : visits) {
    ++key.tokens;
    if (what.began < last_begun) ++key.late;
    last_begun = std::max(last_begun, what.began);
    const bool elsewhere = !key.cores.empty() && key.cores.back() != what.core;
    if (elsewhere && submitted < held_until) key.split_with = key.cores.back();
    if (elsewhere && submitted >= held_until) ++key.moves;
    if (key.cores.empty() || elsewhere) key.cores.push_back(what.core);
    if (what.moved && !key.split_with) key.split_with = what.core;
    if (key.split_with) return key;
    held_until = std::max(held_until, what.ended);
  }
  return key;
}

std::string contradiction(const snapshot& seen, std::uint64_t pinned_as, std::span<const seen_visit> visits) {
  std::uint64_t in_flight = 0;
  unsigned core = 0;
  for (const auto& [submitted, what] : visits) {
    if (submitted > seen.before || what.ended < seen.after) continue;
    ++in_flight;
    core = what.core;
  }
  if (in_flight == 0) return {};
  const auto pin = std::ranges::lower_bound(seen.pins, pinned_as, {}, &pin_status::key);
  if (pin == seen.pins.end() || pin->key != pinned_as) return "was not pinned while a token of it was in flight";
  if (pin->core != core)
    return "was pinned to core " + std::to_string(pin->core) + " while its tokens ran on core " + std::to_string(core);
  if (pin->tokens < in_flight)
    return "was pinned for " + std::to_string(pin->tokens) + " tokens while " + std::to_string(in_flight) +
           " were in flight";
  return {};
}

}  // namespace tokengate::cache_storm
