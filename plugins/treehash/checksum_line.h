// The lines of a list of checksums, as sha256sum and its relatives write and read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tokengate/plugins/treehash/digest.h>

namespace tokengate::treehash {

/// True if a line cannot hold the name as it is: it contains a backslash, a newline or a carriage return.
[[nodiscard]] bool needs_escaping(std::string_view name) noexcept;

/// Appends `name` with those three written as \\, \n and \r.
void append_escaped(std::string& out, std::string_view name);

/// Appends `<hex>  <path>` and a newline; with a leading backslash and an escaped path where that is needed.
void append_line(std::string& out, std::span<const std::uint8_t> digest, std::string_view path);

struct checksum_entry {
  digest expected;
  std::string path;
};

/// Reads the lines of one list. Remembers between lines whether the list is of the old BSD kind (one blank between
/// digest and name), because a list must not mix both kinds: a leading blank of a name would be ambiguous.
class checksum_parser {
 public:
  explicit checksum_parser(algorithm kind) noexcept : kind_(kind) {}

  /// `line` comes without its newline. Understands the blank or `*` before the name, escaped names, `--tag` lines and
  /// upper-case digits; nothing for a malformed line. What sha256sum accepts is accepted, and nothing else.
  [[nodiscard]] std::optional<checksum_entry> parse(std::string_view line);

 private:
  enum class layout : std::uint8_t { unknown, standard, bsd };

  std::optional<checksum_entry> parse_tagged(std::string_view rest, bool escaped) const;

  algorithm kind_;
  layout layout_ = layout::unknown;
};

}  // namespace tokengate::treehash
