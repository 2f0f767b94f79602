// What is known of an operation from its declaration alone: its facts, and what is wrong with them.
//
// The macros (macros.h) leave a class `Facts` per operation with
//   tokengate_place       name, file and line
//   tokengate_tags        a callable without parameters that returns tags{...}
//   tokengate_call        a function of the user's signature, never defined; or, for an instance,
//   tokengate_callable    a callable without parameters that returns the user's function or member
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <tokengate/core/anchor_key.h>
#include <tokengate/core/arguments.h>
#include <tokengate/core/asynchronous.h>
#include <tokengate/core/operation_info.h>
#include <tokengate/core/signature.h>
#include <tokengate/core/tag_traits.h>

namespace tokengate::detail {

/// What can be wrong with one declaration; a set of bits. Codes, sentences and remedies stand in macros_detail.h.
enum mistake : unsigned {
  anchor_with_calls = 1u << 0,
  tag_twice = 1u << 1,
  not_a_tag = 1u << 2,
  asynchronous_result = 1u << 3,
  empty_call = 1u << 4,
  repeated_call = 1u << 5,
  empty_anchor = 1u << 6,
  lone_hash_policy = 1u << 7,
  lone_digest_policy = 1u << 8,
  timeout_not_positive = 1u << 9,
  tags_not_constant = 1u << 10,
  no_single_signature = 1u << 11,
  unmovable_result = 1u << 12,
  empty_lane = 1u << 13,
  lone_exclusive = 1u << 14,
  lone_domain = 1u << 15,
  keys_unknown = 1u << 16,
};

struct declared_place {
  std::string_view name;
  const char* file;
  unsigned line;
};

template <class Tags>
inline constexpr bool is_list_of_tags = false;
template <class... Given>
inline constexpr bool is_list_of_tags<tags<Given...>> = true;

template <class Tags>
inline constexpr bool all_are_tags = false;
template <class... Given>
inline constexpr bool all_are_tags<tags<Given...>> = (tag<Given> && ...);

/// Not so if the compiler had to complain about what stands among the tags: then nothing more is said about them.
template <class Facts>
concept readable_tags = requires { requires is_list_of_tags<decltype(Facts::tokengate_tags())>; };

template <class Facts>
struct tags_of : std::type_identity<tags<>> {};
template <readable_tags Facts>
struct tags_of<Facts> : std::type_identity<decltype(Facts::tokengate_tags())> {};

/// Reads the names in a tag: where they are those of a std::string that is gone, this is no constant expression.
template <class Given>
constexpr bool lasts(const Given&) {
  return true;
}
constexpr bool lasts(std::string_view name) {
  for (const char letter : name) static_cast<void>(char{letter});
  return true;
}
constexpr bool lasts(const sticky_anchor& given) { return lasts(given.name); }
constexpr bool lasts(const lane& given) { return lasts(given.name); }
template <std::size_t Count>
constexpr bool lasts(const external_calls<Count>& given) {
  for (const std::string_view name : given.names) lasts(name);
  return true;
}
template <class... Given>
constexpr bool all_last(const tags<Given...>& all) {
  return std::apply([](const Given&... each) { return (lasts(each) && ...); }, all.given);
}

template <class Facts>
concept constant_tags = requires { typename std::bool_constant<all_last(Facts::tokengate_tags())>; };

/// The tags of a declaration, kept for the whole run: facts refer into them. None where they cannot be read.
template <class Facts>
inline constexpr tags<> given_tags{};
template <class Facts>
  requires(readable_tags<Facts> && all_are_tags<typename tags_of<Facts>::type> && constant_tags<Facts>)
inline constexpr auto given_tags<Facts> = Facts::tokengate_tags();

/// The user's signature, if there is exactly one.
template <class Facts>
struct call_of {};
template <class Facts>
  requires requires { typename std::type_identity<decltype(Facts::tokengate_call)>::type; }
struct call_of<Facts> : signature<decltype(Facts::tokengate_call)> {};
template <class Facts>
  requires requires { Facts::tokengate_callable(); }
struct call_of<Facts> : signature<decltype(Facts::tokengate_callable())> {};

template <class Facts>
concept has_call = requires { typename call_of<Facts>::parameters; };

/// Has two members of one name, if `Facts` has a function, be it only a template or one with a deduced result.
struct rival {
  int tokengate_call;
};
template <class Facts>
struct with_rival : Facts, rival {};

/// There is a function, or what stands for the callable of an instance is a value; if not the compiler has said so.
template <class Facts>
concept readable_call = requires { Facts::tokengate_callable(); } || !requires { &with_rival<Facts>::tokengate_call; };

template <class Facts>
consteval operation_info read_info() {
  constexpr const declared_place& place = Facts::tokengate_place;
  operation_info info{.name = place.name, .file = place.file, .line = place.line};
  info.spelled = __PRETTY_FUNCTION__;
  given_tags<Facts>.apply(info);
  return info;
}

template <class Facts>
inline constexpr operation_info info_of = read_info<Facts>();

template <class Given>
struct kind_of {};  // of what is no tag: equal to no kind
template <tag Given>
struct kind_of<Given> {
  using type = typename tag_traits<Given>::kind;
};

template <class Kind, class Given>
concept has_kind = requires { requires std::is_same_v<Kind, typename kind_of<Given>::type>; };

template <class Kind, class... Given>
inline constexpr std::size_t count_of = (std::size_t{0} + ... + has_kind<Kind, Given>);

template <class Given, class... All>
consteval bool is_given_twice() {
  if constexpr (tag<Given>)
    return count_of<typename kind_of<Given>::type, All...> > 1;
  else
    return false;
}

template <class... Given>
consteval unsigned mistakes_in_kinds(std::type_identity<tags<Given...>>) {
  constexpr bool lead = count_of<external_calls<0>, Given...> > 0;
  constexpr bool anchored = count_of<sticky_anchor, Given...> > 0;
  unsigned found = 0;
  if (!(tag<Given> && ...)) found |= not_a_tag;
  if ((is_given_twice<Given, Given...>() || ...)) found |= tag_twice;
  if (lead && anchored) found |= anchor_with_calls;
  if (!anchored && count_of<hash_policy, Given...> > 0) found |= lone_hash_policy;
  if (!anchored && count_of<exclusive_tag, Given...> > 0) found |= lone_exclusive;
  if (!lead && count_of<digest_policy, Given...> > 0) found |= lone_digest_policy;
  if (!lead && count_of<domain, Given...> > 0) found |= lone_domain;
  return found;
}

/// Whether the name in external_calls at this place has not been there before.
constexpr bool first_mention(const operation_info& caller, std::size_t place) {
  for (std::size_t i = 0; i < place; ++i)
    if (caller.calls[i] == caller.calls[place]) return false;
  return true;
}

/// Of values only those are looked at that some tag has set.
template <class... Given>
consteval unsigned mistakes_in_values(const operation_info& info, const tags<Given...>&) {
  unsigned found = 0;
  if (info.attributes.anchored && info.anchor.empty()) found |= empty_anchor;
  if (count_of<lane, Given...> > 0 && info.lane.empty()) found |= empty_lane;
  if (count_of<timeout, Given...> > 0 && info.timeout.count() <= 0) found |= timeout_not_positive;
  for (std::size_t i = 0; i < info.calls.size(); ++i) {
    if (info.calls[i].empty())
      found |= empty_call;
    else if (!first_mention(info, i))
      found |= repeated_call;
  }
  return found;
}

template <class Result, class... Parameters>
consteval unsigned mistakes_in_result(std::type_identity<Result>, list<Parameters...>) {
  if (asynchronous<Result, Parameters...>()) return asynchronous_result;
  return result_unmovable<Result>() ? unmovable_result : 0u;
}

/// Whether the key of an anchor can be made of this parameter's values. What a call may keep otherwise (std::ref, the
/// object of a member function, of an incomplete type) is looked at there.
template <hash_policy Policy, class Parameter>
consteval bool parameter_has_key() {
  using value = std::decay_t<Parameter>;
  if constexpr (is_receiver<value> || parameter_dangles<Parameter>() || parameter_unstorable<Parameter>())
    return true;
  else if constexpr (!requires { sizeof(value); })
    return true;
  else
    return anchor_key<Policy>::template possible<value>;
}

/// Whether the operation is anchored and its arguments can be asked for their keys: core alone cannot tell
/// (anchor_key.h).
template <class Facts>
consteval bool keys_are_known() {
  return requires { sizeof(anchor_key<info_of<Facts>.attributes.hash_policy>); };
}
template <class Facts>
inline constexpr bool declared_anchored = info_of<Facts>.attributes.anchored;

/// Which arguments are refused: the first is bit 1, those that do not fit are bit 31.
struct argument_mistakes {
  std::uint32_t dangling = 0, unstorable = 0, without_key = 0;
};

template <class Facts, class... Parameters>
consteval argument_mistakes find_argument_mistakes(list<Parameters...>) {
  argument_mistakes found;
  [[maybe_unused]] std::uint32_t bit = 1;
  [[maybe_unused]] const auto mark = [&](std::uint32_t& bits, bool wrong) {
    if (wrong) bits |= bit;
  };
  ((bit <<= bit >> 31 == 0 ? 1 : 0, mark(found.dangling, parameter_dangles<Parameters>()),
    mark(found.unstorable, parameter_unstorable<Parameters>())),
   ...);
  if constexpr (declared_anchored<Facts> && keys_are_known<Facts>()) {
    bit = 1;
    ((bit <<= bit >> 31 == 0 ? 1 : 0,
      mark(found.without_key, !parameter_has_key<info_of<Facts>.attributes.hash_policy, Parameters>())),
     ...);
  }
  return found;
}
template <class Facts>
inline constexpr argument_mistakes arguments_of{};
template <has_call Facts>
inline constexpr argument_mistakes arguments_of<Facts> =
    find_argument_mistakes<Facts>(typename call_of<Facts>::parameters{});

template <class Facts>
consteval unsigned find_mistakes() {
  using given = typename tags_of<Facts>::type;
  unsigned found =
      mistakes_in_kinds(std::type_identity<given>{}) | mistakes_in_values(info_of<Facts>, given_tags<Facts>);
  if constexpr (readable_tags<Facts> && all_are_tags<given>) {
    if (!constant_tags<Facts>) found |= tags_not_constant;
  }
  if constexpr (has_call<Facts>) {
    using call = call_of<Facts>;
    found |= mistakes_in_result(std::type_identity<typename call::result>{}, typename call::parameters{});
    if constexpr (declared_anchored<Facts>)
      if (!keys_are_known<Facts>()) found |= keys_unknown;
  } else if (readable_call<Facts>) {
    found |= no_single_signature;
  }
  return found;
}

template <class Facts>
inline constexpr unsigned mistakes_of = find_mistakes<Facts>();

}  // namespace tokengate::detail
