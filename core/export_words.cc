#include <algorithm>
#include <cstdint>

#include <tokengate/core/export_words.h>

namespace tokengate::detail {

std::size_t letter_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t place) { return static_cast<unsigned char>(text[place]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  std::uint32_t code = first & (0xFFu >> (length + 1));
  for (std::size_t place = 1; place < length; ++place) {
    if ((byte(place) & 0xC0u) != 0x80u) return 0;
    code = code << 6 | (byte(place) & 0x3Fu);
  }
  // Written longer than need be, half of a surrogate pair, beyond the last.
  const bool too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  return too_long || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF ? 0 : length;
}

std::vector<served_lane> lanes_of(std::span<const operation_info* const> operations,
                                  std::span<const std::string_view> lanes) {
  std::vector<served_lane> found;
  const auto entry = [&found](std::string_view name) -> served_lane& {
    const auto known = std::ranges::find(found, name, &served_lane::name);
    return known != found.end() ? *known : found.emplace_back(served_lane{name, {}});
  };
  if (std::ranges::any_of(operations, [](const operation_info* info) { return info->lane.empty(); })) entry({});
  for (const std::string_view name : lanes) entry(name);
  for (const operation_info* const info : operations) entry(info->lane).operations.push_back(info);
  return found;
}

}  // namespace tokengate::detail
