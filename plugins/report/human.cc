#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

#include <tokengate/plugins/report/human.h>

namespace tokengate::report {
namespace {

std::string scaled(double value, std::span<const std::string_view> units) {
  std::size_t unit = 0;
  // 999.5 would print as "1000": from there on the next unit reads better.
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  const int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f ", decimals, value);
  return std::string(text.data(), static_cast<std::size_t>(length)).append(units[unit]);
}

constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string control_escape(char c) {
  constexpr std::string_view named = "abtnvfr";  // codes 7 to 13
  if (c >= 7 && c <= 13) return {'\\', named[static_cast<std::size_t>(c - 7)]};
  std::array<char, 8> octal{};
  std::snprintf(octal.data(), octal.size(), "\\%03o", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return octal.data();
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  return scaled(static_cast<double>(bytes), units);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  static constexpr std::array<std::string_view, 4> units{"ns", "us", "ms", "s"};
  return scaled(static_cast<double>(duration.count()), units);
}

std::string clock_text(std::chrono::seconds duration) {
  const long long seconds = std::max<long long>(duration.count(), 0);
  std::array<char, 64> text{};
  if (seconds >= 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", seconds / 60, seconds % 60);
  }
  return text.data();
}

std::string quoted_name(std::string_view name) {
  constexpr std::string_view special = "!\"$&()*;<=>?[\\^`|";
  const bool controls = std::any_of(name.begin(), name.end(), is_control);
  const bool specials = name.find_first_of(special) != std::string_view::npos;
  const bool apostrophes = name.find('\'') != std::string_view::npos;
  const bool leading = name.starts_with('#') || name.starts_with('~') || name == "{" || name == "}";
  const bool blanks = name.find_first_of(" :") != std::string_view::npos;
  if (!controls && !specials && !apostrophes && !leading && !blanks && !name.empty()) return std::string(name);
  if (apostrophes && !controls && !specials && name.find_first_of("#~{}") == std::string_view::npos) {
    return '"' + std::string(name) + '"';
  }
  std::string text = "'";
  bool escaping = false;
  for (const char c : name) {
    if (is_control(c) != escaping) {
      text += escaping ? "''" : "'$'";
      escaping = !escaping;
    }
    if (escaping) {
      text += control_escape(c);
    } else if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text += '\'';
}

}  // namespace tokengate::report
