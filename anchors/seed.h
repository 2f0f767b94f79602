// The seed of a lead: a text by which the work that belongs to it is known, in logs and across systems.
#pragma once

#include <cstdint>
#include <string>

#include <tokengate/core/operation_info.h>

namespace tokengate {

/// Of the token with this id, of a lead: the digest, by the operation's digest_policy, of seed_text(id,
/// external_calls). Made anew with each call, about 0.2 us for SHA-256. Any context; errors as of digest().
[[nodiscard]] std::string seed_of(std::uint64_t lead, const operation_info& operation);

namespace this_token {

/// The id of the lead whose domain the running token belongs to: its own in a lead. 0 in no domain, and outside tokens.
[[nodiscard]] std::uint64_t lead() noexcept;

/// That lead's seed; empty in no domain, and outside tokens. As seed_of().
[[nodiscard]] std::string seed();

}  // namespace this_token
}  // namespace tokengate
