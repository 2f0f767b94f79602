// Seeds by hand: the text and its digest by the libraries themselves, without what the framework has for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tokengate/core/tags.h>

namespace tokengate::conductor {

/// "<id>:conducted,<operation>": what the seed of a lead of this workload is the digest of.
[[nodiscard]] std::string text_of(std::uint64_t lead, std::string_view operation);

/// Throws tokengate::error if OpenSSL has no SHA-256.
[[nodiscard]] std::string recomputed(digest_policy policy, std::string_view text);

}  // namespace tokengate::conductor
