// The words a user hangs on a declaration. A tag is a typed value: their order does not matter, each kind is given at
// most once. What a tag does to an operation, and how a plugin adds tags of its own, stands in tag_traits.h.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

namespace tokengate {

/// How much processor time one token takes; chooses the cores it prefers and its share of them.
enum class weight : std::uint8_t { light, medium, heavy };

/// The storage an operation works on; bounds how many of its tokens run at once.
enum class storage_speed : std::uint8_t { slow = 1, moderate, fast, insane };

/// Whether the children of a lead stay on its core (`bound`) or may be taken by an idle one (`preferred`).
enum class domain : std::uint8_t { bound, preferred };

/// Which arguments make up the key of a sticky anchor.
enum class hash_policy : std::uint8_t { none, fast, standard, full };

/// How the seed of a lead is written.
enum class digest_policy : std::uint8_t { full, short_, fast, minimal };

/// Tokens of one anchor name and equal arguments that are in flight share a core.
struct sticky_anchor {
  std::string_view name;
};

/// `exclusive`: tokens of one key of the operation's anchor do not even interleave; one begins when the other has
/// ended.
struct exclusive_tag {};
[[maybe_unused]] inline constexpr exclusive_tag exclusive{};

/// The lane that serves the operation's tokens from outside, instead of the coordinator's default one.
/// `lane{"priority"}`
struct lane {
  std::string_view name;
};

/// The longest a token may take, from submission to result.
struct timeout {
  std::chrono::nanoseconds limit;
};

namespace detail {

// What may stand in external_calls: a name, an operation object, or a group of operations (storage_choice). Each gives
// an array of names; anything else gives an empty one, which is refused with the operation's name where a failing
// overload could not.

template <class Call>
constexpr std::array<std::string_view, 1> names_of(const Call&) {
  return {};
}
constexpr std::array<std::string_view, 1> names_of(const char* name) { return {name}; }
constexpr std::array<std::string_view, 1> names_of(std::string_view name) { return {name}; }
template <class Operation>
  requires requires { Operation::info.name; }
constexpr std::array<std::string_view, 1> names_of(const Operation&) {
  return {Operation::info.name};
}
template <class Group>
  requires requires { Group::operation_names; }
constexpr auto names_of(const Group&) {
  return Group::operation_names;
}

template <class Call>
inline constexpr std::size_t name_count = std::tuple_size_v<decltype(names_of(std::declval<Call>()))>;

}  // namespace detail

/// Makes the operation a lead: what it names are its children, they share its seed and core. `external_calls{"a", b}`.
template <std::size_t Count>
struct external_calls {
  std::array<std::string_view, Count> names{};

  template <class... Calls>
    requires(Count == (std::size_t{0} + ... + detail::name_count<Calls>))
  constexpr explicit external_calls(Calls... calls) {
    [[maybe_unused]] std::size_t next = 0;
    (append(detail::names_of(calls), next), ...);
  }

 private:
  template <std::size_t More>
  constexpr void append(const std::array<std::string_view, More>& more, std::size_t& next) {
    for (const std::string_view name : more) names[next++] = name;
  }
};

template <class... Calls>
external_calls(Calls...) -> external_calls<(std::size_t{0} + ... + detail::name_count<Calls>)>;

}  // namespace tokengate
