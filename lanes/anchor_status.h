// What a coordinator tells of leads and anchors (docs/anchors.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tokengate {

/// A lead, its children and theirs.
struct domain_status {
  std::uint64_t lead = 0;        ///< its id
  std::string_view operation;    ///< of the lead
  std::string seed;              ///< digest of the lead's id and external_calls, as its digest_policy says
  unsigned core = 0;             ///< on which the lead runs
  std::uint64_t pending = 0;     ///< tokens that have not ended, the lead included
  std::uint64_t made = 0;        ///< tokens that ever belonged to it
  std::uint64_t elsewhere = 0;   ///< of those, ended on other cores
  std::uint64_t undeclared = 0;  ///< calls by the lead of what its external_calls do not name
};

/// A key of a sticky anchor with tokens in flight.
struct pin_status {
  std::string_view anchor;   ///< its name
  std::uint64_t key = 0;     ///< fingerprint of that and the arguments
  unsigned core = 0;         ///< on which they run
  std::uint64_t tokens = 0;  ///< submitted and not ended
};

}  // namespace tokengate
