// Rules that plugins make: about the declarations that carry a tag of theirs, and about a registry as a whole. How to
// add a tag with rules, step by step: docs/own_tags.md.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <tokengate/core/collect.h>
#include <tokengate/core/declaration.h>
#include <tokengate/core/signature.h>

namespace tokengate {

template <class Facts>
class operation;

/// A list of rules: `using rules = tokengate::rules<first, second>;` in the tag_traits of a tag. A rule is a class with
/// TOKENGATE_RULE in it and one static constexpr function that returns whether it is kept:
///   bool kept(const Tag& given, auto operation)                  looked at where the operation is declared
///   bool kept(const Tag& given, auto operation, auto registry)   looked at when an application closes its registry
/// or, for a rule that TOKENGATE_PLUGIN lists, when an application that names this plugin closes its registry:
///   bool kept(auto operation, auto registry)                     for each of its operations, whatever their tags
///   bool kept(auto registry)                                     for the registry itself
/// `operation` is the operation object (operation.info, given<Tag>(operation)), `registry` a tokengate::registry.
template <class... Rules>
struct rules {};

namespace detail {

template <class Tag, class... Given>
constexpr const Tag* only(const tags<Given...>& all) {
  if constexpr ((0 + ... + std::is_same_v<Tag, Given>) == 1)
    return &std::get<Tag>(all.given);
  else
    return nullptr;
}

}  // namespace detail

/// The tag of this type that an operation was declared with, or null. May be used in constant expressions.
template <class Tag, class Facts>
constexpr const Tag* given(const operation<Facts>&) {
  return detail::only<Tag>(detail::given_tags<Facts>);
}

namespace detail {

/// A text in the name of a type: compilers show it in their messages.
template <std::size_t Size>
struct spelled {
  char letters[Size]{};

  consteval spelled(const char (&literal)[Size]) : spelled(std::string_view(literal, Size - 1)) {}
  consteval explicit spelled(std::string_view name) {
    for (std::size_t place = 0; place + 1 < Size; ++place) letters[place] = name[place];
  }
};
template <std::size_t Size>
consteval spelled<Size> spell(std::string_view name) {
  return spelled<Size>(name);
}
template <spelled Name>
struct named {};

/// What the tags of a declaration bring: a list of tag_rule, most often an empty one.
template <class Tag, class Rule>
struct tag_rule {};
template <class Tag, class... Rules>
list<tag_rule<Tag, Rules>...> tag_rules(rules<Rules...>);
template <class Tag>
struct rules_of_tag : std::type_identity<list<>> {};
template <class Tag>
  requires requires { typename tag_traits<Tag>::rules; }
struct rules_of_tag<Tag> : std::type_identity<decltype(tag_rules<Tag>(typename tag_traits<Tag>::rules{}))> {};
template <class Tags>
struct rules_of_tags;
template <class... Given>
struct rules_of_tags<tags<Given...>> : joined<typename rules_of_tag<Given>::type...> {};
template <class Facts>
using rules_of = typename rules_of_tags<std::remove_cv_t<decltype(given_tags<Facts>)>>::type;

template <class Rule, class Tag, class Operation>
concept about_declarations = requires(const Tag& tag) { Rule::kept(tag, Operation{}); };

/// Instantiates the refusal that `Place` (an operation, a closed registry) holds ready: the error stands at its line
/// and shows its name. As with all checks, nothing here may be constant or deduced (see registry.h).
template <bool Kept, class Rule, class Place>
void keep() {
  if constexpr (!Kept) static_cast<void>(sizeof(typename Place::template tokengate_breaks<Rule>));
}

/// A tag that is given twice is refused for that, and nothing more is said about it.
template <class Facts, class Tag, class Rule>
void check_declaration_by(tag_rule<Tag, Rule>) {
  using subject = operation<Facts>;
  if constexpr (given<Tag>(subject{}) != nullptr && about_declarations<Rule, Tag, subject>)
    keep<Rule::kept(*given<Tag>(subject{}), subject{}), Rule, Facts>();
}

/// The macros ask for the result type of these.
template <class Facts>
void check_declaration(list<>);
template <class Facts, class First, class... Rest>
auto check_declaration(list<First, Rest...>) {
  check_declaration_by<Facts>(First{});
  (check_declaration_by<Facts>(Rest{}), ...);
}

}  // namespace detail
}  // namespace tokengate
