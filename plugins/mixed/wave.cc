#include <charconv>

#include <tokengate/plugins/mixed/wave.h>

namespace tokengate::mixed {
namespace {

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (size == 0 || size > largest_wave) return std::nullopt;
  return size;
}

}  // namespace

std::optional<wave_sizes> parse_waves(std::string_view text) {
  const auto dots = text.find("..");
  const auto first = parse_size(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_size(text.substr(dots + 2));
  if (!first || !last) return std::nullopt;
  std::uint64_t size = *first;
  while (size < *last) size *= 2;
  if (size != *last) return std::nullopt;
  return wave_sizes{*first, *last};
}

}  // namespace tokengate::mixed
