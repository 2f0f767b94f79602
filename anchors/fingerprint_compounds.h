// Fingerprints of what is made of other values: containers, tuples, optionals, variants.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>  // the concepts of ranges, without the views that make <ranges> slow to read
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <tokengate/anchors/fingerprint_kind.h>
#include <tokengate/anchors/fingerprint_values.h>

namespace tokengate::detail {

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <class First, class Second>
inline constexpr bool is_tuple<std::pair<First, Second>> = true;

/// Of a type that holds values of its own kind, as those for JSON do, only that type can say what it is made of.
template <class T>
concept range_of_itself = std::same_as<std::ranges::range_value_t<const T>, T>;
template <class T>
concept unordered_range = std::ranges::input_range<const T> && requires { typename T::hasher; };
template <class T>
concept integers_in_a_row = std::ranges::contiguous_range<const T> && std::ranges::sized_range<const T> &&
                            std::integral<std::ranges::range_value_t<const T>>;

template <class T, hash_policy Policy>
struct fingerprint_kind<std::optional<T>, Policy> {
  static constexpr bool possible = has_fingerprint<T, Policy>;
  static void add(auto& to, const std::optional<T>& value) {
    to.word(value ? fingerprint_salt::something : fingerprint_salt::nothing, 0);
    if (value) to(*value);
  }
};

template <class... Ts, hash_policy Policy>
struct fingerprint_kind<std::variant<Ts...>, Policy> {
  static constexpr bool possible = (has_fingerprint<Ts, Policy> && ...);
  static void add(auto& to, const std::variant<Ts...>& value) {
    to.word(fingerprint_salt::alternative, value.index());
    if (!value.valueless_by_exception()) std::visit([&to](const auto& each) { to(each); }, value);
  }
};

template <class T, hash_policy Policy>
  requires is_tuple<T>
struct fingerprint_kind<T, Policy> {
  template <std::size_t... Place>
  static consteval bool all(std::index_sequence<Place...>) {
    return (has_fingerprint<std::tuple_element_t<Place, T>, Policy> && ...);
  }
  static constexpr bool possible = all(std::make_index_sequence<std::tuple_size_v<T>>{});
  static void add(auto& to, const T& value) {
    to.word(fingerprint_salt::tuple, std::tuple_size_v<T>);
    std::apply([&to](const auto&... each) { to(each...); }, value);
  }
};

template <class T, hash_policy Policy>
  requires(std::ranges::input_range<const T> && !is_basic_string<T> && !says_its_parts<T> && !known_to_hana<T> &&
           !path_like<T> && !range_of_itself<T>)
struct fingerprint_kind<T, Policy> {
  using element = std::ranges::range_value_t<const T>;
  static constexpr bool possible = has_fingerprint<element, Policy>;
  static void add(auto& to, const T& value) {
    if constexpr (unordered_range<T>) {
      std::uint64_t sum = 0, count = 0;  // of well mixed numbers, whatever their order
      for (const element& each : value) {
        sum += fingerprinter<Policy>{}(each).value();
        ++count;
      }
      to.word(fingerprint_salt::unordered, sum);
      to.word(fingerprint_salt::end, count);
    } else if constexpr (integers_in_a_row<T>) {
      to.word(fingerprint_salt::integers, sizeof(element) * 2 + (std::is_signed_v<element> ? 1 : 0));
      to.bytes(fingerprint_salt::integers, std::ranges::data(value), std::ranges::size(value) * sizeof(element));
    } else {
      to.word(fingerprint_salt::sequence, 0);
      for (const element& each : value) to(each);
      to.word(fingerprint_salt::end, 0);
    }
  }
};

}  // namespace tokengate::detail
