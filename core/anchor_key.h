// The place that core keeps for the keys of sticky anchors: how values are told apart is the affair of anchors/.
#pragma once

#include <cstdint>
#include <string_view>

#include <tokengate/core/name_index.h>
#include <tokengate/core/tags.h>

namespace tokengate {

/// The key of an anchored token: of the anchor's name and of the arguments that it keeps, as far as the policy counts
/// them. Defined by <tokengate/anchors/anchor_key.h>, which <tokengate/tokengate.h> includes:
///   possible<Stored...>        whether values of these types can be told apart
///   of(name_hash, values...)   equal for equal names and values
template <hash_policy Policy>
struct anchor_key;

/// What a key begins with; for constant expressions, so that no call has to hash the name.
constexpr std::uint64_t anchor_name_hash(std::string_view name) noexcept { return detail::hash_name(name); }

}  // namespace tokengate
