#include <algorithm>

#include <tokengate/plugins/treehash/checksum_line.h>

namespace tokengate::treehash {
namespace {

constexpr auto hex_pairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
  return pairs;
}();

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view without_leading_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::optional<digest> parse_hex(std::string_view hex, std::size_t size) noexcept {
  if (hex.size() != 2 * size) return std::nullopt;
  digest result;
  result.size = static_cast<std::uint8_t>(size);
  for (std::size_t i = 0; i < size; ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    result.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return result;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string name;
  name.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return std::nullopt;
    if (text[i] != '\\') {
      name += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'n':
        name += '\n';
        break;
      case 'r':
        name += '\r';
        break;
      case '\\':
        name += '\\';
        break;
      default:
        return std::nullopt;
    }
  }
  return name;
}

std::optional<checksum_entry> entry(std::optional<digest> expected, std::string_view name, bool escaped) {
  if (!expected) return std::nullopt;
  if (!escaped) return checksum_entry{*expected, std::string(name.substr(0, name.find('\0')))};
  auto plain = unescaped(name);
  if (!plain) return std::nullopt;
  return checksum_entry{*expected, std::move(*plain)};
}

}  // namespace

bool needs_escaping(std::string_view name) noexcept {
  return std::any_of(name.begin(), name.end(), [](char c) { return c == '\\' || c == '\n' || c == '\r'; });
}

void append_escaped(std::string& out, std::string_view name) {
  for (const char c : name) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
}

void append_line(std::string& out, std::span<const std::uint8_t> digest, std::string_view path) {
  const bool escape = needs_escaping(path);
  if (escape) out += '\\';
  std::array<char, 2 * longest_digest> hex;
  char* end = hex.data();
  for (const auto byte : digest) end = std::copy_n(hex_pairs[byte].data(), 2, end);
  out.append(hex.data(), end);
  out += "  ";
  if (escape) {
    append_escaped(out, path);
  } else {
    out += path;
  }
  out += '\n';
}

std::optional<checksum_entry> checksum_parser::parse_tagged(std::string_view rest, bool escaped) const {
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (rest.empty() || rest.front() != '(') return std::nullopt;
  rest.remove_prefix(1);
  const auto close = rest.rfind(')');
  if (close == std::string_view::npos) return std::nullopt;
  auto after = without_leading_blanks(rest.substr(close + 1));
  if (after.empty() || after.front() != '=') return std::nullopt;
  after = without_leading_blanks(after.substr(1));
  return entry(parse_hex(after, facts(kind_).digest_size), rest.substr(0, close), escaped);
}

std::optional<checksum_entry> checksum_parser::parse(std::string_view line) {
  line = without_leading_blanks(line);
  const bool escaped = !line.empty() && line.front() == '\\';
  if (escaped) line.remove_prefix(1);

  const auto& [name, tag, digest_size] = facts(kind_);
  if (line.substr(0, tag.size()) == tag) return parse_tagged(line.substr(tag.size()), escaped);

  const std::size_t digits = 2 * digest_size;
  if (line.size() < digits + 2 || !is_blank(line[digits])) return std::nullopt;
  const auto expected = parse_hex(line.substr(0, digits), digest_size);
  if (!expected) return std::nullopt;

  auto path = line.substr(digits + 1);
  if (path.size() == 1 || (path.front() != ' ' && path.front() != '*')) {
    if (layout_ == layout::standard) return std::nullopt;
    layout_ = layout::bsd;
  } else if (layout_ != layout::bsd) {
    layout_ = layout::standard;
    path.remove_prefix(1);
  }
  return entry(expected, path, escaped);
}

}  // namespace tokengate::treehash
