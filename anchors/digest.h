// The seed of a lead in text: what conductors are known by in logs and exports.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tokengate/core/tags.h>

namespace tokengate {

/// What is digested for a lead: "<id>:<name>,<name>…", the id in decimal, the names of what it calls as declared.
[[nodiscard]] std::string seed_text(std::uint64_t lead, std::span<const std::string_view> calls);

/// Of a text, in lower-case hexadecimal digits:
///   full     SHA-256, 64 digits
///   short_   its first 16
///   minimal  its first 8
///   fast     XXH3-64 (seed 0, canonical: big-endian), 16 digits
/// Any thread or token; does not block. Throws error when OpenSSL does not give SHA-256, and bad_alloc. About 300 ns
/// for SHA-256 and 30 ns for XXH3 on short texts.
[[nodiscard]] std::string digest(digest_policy policy, std::string_view text);

}  // namespace tokengate
