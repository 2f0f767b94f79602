// Whether a lead and its family were what leads and families have to be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tokengate/core/tags.h>
#include <tokengate/plugins/conductor/operations.h>

namespace tokengate::conductor {

struct expectation {
  std::string_view operation;  ///< of the leads
  digest_policy digest = digest_policy::full;
  bool bound = true;
  std::uint64_t direct = 0;      ///< tokens that a lead calls, without leads
  std::uint64_t family = 0;      ///< those, and what they call
  std::uint64_t undeclared = 0;  ///< of the direct ones
};

/// The domain that a lead saw of itself; null if it did not.
[[nodiscard]] const domain_status* own_domain(const lead_end& lead);

/// What is wrong with what the tokens of one lead found; empty if nothing is. No full stop.
[[nodiscard]] std::string fault(const lead_facts& lead, const family& found, const expectation& wanted);

/// What is wrong with the lead itself, with the domain that it saw (if `looked`), or with leads that it called: with
/// all of it, where it waited for its family.
[[nodiscard]] std::string fault(const lead_end& lead, const expectation& wanted, bool looked, bool waited);

}  // namespace tokengate::conductor
