// Leads whose children look where they are and whom they belong to.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tokengate/core/registry.h>
#include <tokengate/tokengate.h>

namespace tokengate::conductor {

/// A lead as its family has to find it.
struct lead_facts {
  std::uint64_t id = 0;
  unsigned core = 0;
  std::string seed;
};

/// What some of a lead's tokens found; sums.
struct family {
  std::uint64_t tokens = 0;
  std::uint64_t elsewhere = 0;   ///< were not on the lead's core, at the beginning or after they had slept
  std::uint64_t other_seed = 0;  ///< had not the lead's seed
  std::uint64_t other_lead = 0;  ///< belonged to another lead, or to none

  family& operator+=(const family& more) noexcept;
};

struct lead_end;

/// What every lead of a run does; lives until all tokens have ended.
struct plan {
  token<lead_end> (*lead)(const plan& all, std::uint64_t nested, bool looks);
  const coordinator* system;
  std::chrono::nanoseconds hold;
  std::uint64_t children, depth, undeclared;
  bool late;  ///< leads end before their children
};

struct lead_end {
  lead_facts facts;
  family found;                          ///< of the tokens that the lead waited for
  std::vector<token<family>> late = {};  ///< the others
  std::vector<lead_end> nested = {};     ///< of leads that it called
  bool kept_seed = true;                 ///< after it had waited for all of those its seed was what it had been
  std::chrono::steady_clock::time_point looked_at = {};
  std::vector<domain_status> domains = {};  ///< while its children were waiting, if it looked
};

/// A child, with `depth` - 1 generations of its own below it, each of so many as the plan says.
[[nodiscard]] family follow(std::shared_ptr<const lead_facts> lead, const plan* all, std::uint64_t depth);
/// `nested`: so many leads like itself are among its children.
[[nodiscard]] lead_end conduct(const plan* all, std::uint64_t nested, bool looks);

TOKENGATE_INSTANCE(conducted, follow, weight::medium)
TOKENGATE_INSTANCE(stranger, follow, weight::medium)  // what no lead declares

#define TOKENGATE_CONDUCTOR_LEAD(name, digest, where)                                                            \
  TOKENGATE_INSTANCE(name, conduct, weight::medium, (external_calls{"conducted", #name}), digest_policy::digest, \
                     domain::where)
TOKENGATE_CONDUCTOR_LEAD(lead_full_bound, full, bound)
TOKENGATE_CONDUCTOR_LEAD(lead_short_bound, short_, bound)
TOKENGATE_CONDUCTOR_LEAD(lead_fast_bound, fast, bound)
TOKENGATE_CONDUCTOR_LEAD(lead_minimal_bound, minimal, bound)
TOKENGATE_CONDUCTOR_LEAD(lead_full_preferred, full, preferred)
TOKENGATE_CONDUCTOR_LEAD(lead_short_preferred, short_, preferred)
TOKENGATE_CONDUCTOR_LEAD(lead_fast_preferred, fast, preferred)
TOKENGATE_CONDUCTOR_LEAD(lead_minimal_preferred, minimal, preferred)
#undef TOKENGATE_CONDUCTOR_LEAD

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::conductor
