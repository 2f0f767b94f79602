// Why tokens were killed, in words: each text is kept once and known by a number that fits into a token.
#pragma once

#include <cstdint>
#include <string_view>

namespace tokengate::detail {

/// The number of a text; the same for the same text. Takes a lock. At most 4094 different texts are kept, for the life
/// of the process; what comes later is known as "(one of too many different reasons)". Never throws: without memory the
/// answer is that one, too.
std::uint32_t stop_reason_number(std::string_view text) noexcept;

/// The text of a number that was given out; lives for ever. 0 has the empty text.
std::string_view stop_reason_text(std::uint32_t number) noexcept;

}  // namespace tokengate::detail
