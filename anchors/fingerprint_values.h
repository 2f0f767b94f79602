// Fingerprints of what the language and the standard library know as single values.
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include <tokengate/anchors/fingerprint_kind.h>

namespace tokengate::detail {

template <class T>
inline constexpr bool is_basic_string = false;
template <class Char, class Traits, class Allocator>
inline constexpr bool is_basic_string<std::basic_string<Char, Traits, Allocator>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class Count, class Period>
inline constexpr bool is_duration<std::chrono::duration<Count, Period>> = true;

// Paths and complex numbers are told by what they look like: <filesystem>, <complex> and <cmath> take a quarter of the
// time that all of <tokengate/tokengate.h> does, and whoever has such values has included them.
template <class T>
concept path_like = !says_its_parts<T> && requires(const T& value) {
  { value.lexically_normal() } -> std::same_as<T>;
  { *value.begin() } -> std::convertible_to<const T&>;
  T::preferred_separator;
};
template <class T>
concept complex_like =
    !says_its_parts<T> && std::is_trivially_copyable_v<T> && std::floating_point<typename T::value_type> &&
    sizeof(T) == 2 * sizeof(typename T::value_type) && requires(const T& value) {
      { value.real() } -> std::same_as<typename T::value_type>;
      { value.imag() } -> std::same_as<typename T::value_type>;
    };

template <std::integral T, hash_policy Policy>
struct fingerprint_kind<T, Policy> {
  static constexpr bool possible = true;
  static void add(auto& to, T value) noexcept {
    const bool negative = std::is_signed_v<T> && value < T{};
    to.word(negative ? fingerprint_salt::negative : fingerprint_salt::integer, static_cast<std::uint64_t>(value));
    if constexpr (sizeof(T) > 8) to.word(fingerprint_salt::integer, static_cast<std::uint64_t>(value >> 64));
  }
};

template <class T, hash_policy Policy>
  requires(std::is_enum_v<T> && !says_its_parts<T>)
struct fingerprint_kind<T, Policy> : fingerprint_kind<std::underlying_type_t<T>, Policy> {
  static void add(auto& to, T value) noexcept {
    fingerprint_kind<std::underlying_type_t<T>, Policy>::add(to, static_cast<std::underlying_type_t<T>>(value));
  }
};

template <std::floating_point T, hash_policy Policy>
struct fingerprint_kind<T, Policy> {
  static constexpr bool possible = true;
  static void add(auto& to, T value) noexcept {
    const auto near = static_cast<double>(value);
    // + 0.0 makes -0.0 a 0.0.
    const double told = __builtin_isnan(value) ? std::numeric_limits<double>::quiet_NaN() : near + 0.0;
    to.word(fingerprint_salt::real, std::bit_cast<std::uint64_t>(told));
    if constexpr (sizeof(T) > sizeof(double)) {
      const auto rest = __builtin_isfinite(near) ? static_cast<double>(value - static_cast<T>(near)) + 0.0 : 0.0;
      if (rest != 0.0) to.word(fingerprint_salt::real, std::bit_cast<std::uint64_t>(rest));
    }
  }
};

template <class T, hash_policy Policy>
  requires std::is_null_pointer_v<T> || std::is_same_v<T, std::monostate> || std::is_same_v<T, std::nullopt_t>
struct fingerprint_kind<T, Policy> {
  static constexpr bool possible = true;
  static void add(auto& to, const T&) noexcept { to.word(fingerprint_salt::nothing, 0); }
};

template <class T, hash_policy Policy>
  requires is_basic_string<T>
struct fingerprint_kind<T, Policy> {
  static constexpr bool possible = true;
  static void add(auto& to, const T& value) noexcept {
    to.bytes(fingerprint_salt::text, value.data(), value.size() * sizeof(typename T::value_type));
  }
};

template <path_like T, hash_policy Policy>
struct fingerprint_kind<T, Policy> {
  static constexpr bool possible = true;
  static void add(auto& to, const T& value) {
    for (const auto& part : value) to.bytes(fingerprint_salt::path, part.native().data(), part.native().size());
    to.word(fingerprint_salt::end, 0);
  }
};

template <class T, hash_policy Policy>
  requires is_duration<T>
struct fingerprint_kind<T, Policy> {
  static constexpr bool possible = has_fingerprint<typename T::rep, Policy>;
  static void add(auto& to, const T& value) {
    if constexpr (std::integral<typename T::rep>) {
      // By its length: 1000 ms are 1 s. Whole seconds and what is left fit whatever the unit.
      const auto seconds = std::chrono::floor<std::chrono::duration<std::int64_t>>(value);
      const auto rest = std::chrono::duration<double, std::nano>(value - seconds).count();
      to.word(fingerprint_salt::duration, static_cast<std::uint64_t>(seconds.count()));
      to.word(fingerprint_salt::duration, std::bit_cast<std::uint64_t>(rest));
    } else {
      to(std::chrono::duration<typename T::rep>(value).count());
    }
  }
};

template <class Clock, class Duration, hash_policy Policy>
struct fingerprint_kind<std::chrono::time_point<Clock, Duration>, Policy> : fingerprint_kind<Duration, Policy> {
  static void add(auto& to, const std::chrono::time_point<Clock, Duration>& value) { to(value.time_since_epoch()); }
};

template <complex_like T, hash_policy Policy>
struct fingerprint_kind<T, Policy> : fingerprint_kind<typename T::value_type, Policy> {
  static void add(auto& to, const T& value) {
    using parts = std::array<typename T::value_type, 2>;  // so laid out by the standard; runs no code of the type
    for (const auto part : std::bit_cast<parts>(value)) to(part);
  }
};

template <std::size_t Size, hash_policy Policy>
struct fingerprint_kind<std::bitset<Size>, Policy> {
  static constexpr bool possible = true;
  static void add(auto& to, const std::bitset<Size>& value) {
    const auto text = value.to_string();
    to.bytes(fingerprint_salt::bits, text.data(), text.size());
  }
};

}  // namespace tokengate::detail
