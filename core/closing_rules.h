// What rules of plugins say when an application closes its registry. How they are made: rules.h.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tokengate/core/collect.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry_value.h>
#include <tokengate/core/rules.h>

namespace tokengate {

/// The same of the registry's operation with this name, if there is one. Takes as many steps as there are operations.
template <class Tag, class Closed>
constexpr const Tag* given(const registry<Closed>&, std::string_view name) {
  return []<class... Facts>(std::string_view wanted, detail::list<operation<Facts>...>) -> const Tag* {
    const std::array<std::string_view, sizeof...(Facts)> names{operation<Facts>::info.name...};
    const std::array<const Tag*, sizeof...(Facts)> tags{given<Tag>(operation<Facts>{})...};
    for (std::size_t place = 0; place < names.size(); ++place)
      if (names[place] == wanted) return tags[place];
    return nullptr;
  }(name, typename Closed::operations{});
}

}  // namespace tokengate

namespace tokengate::detail {

inline void each(...) {}  // in place of a fold expression, which clang limits to 256 operands

// Of tags.

template <class Closed, class Facts, class Tag, class Rule>
void check_closing_by(tag_rule<Tag, Rule>) {
  using subject = operation<Facts>;
  if constexpr (given<Tag>(subject{}) != nullptr && !about_declarations<Rule, Tag, subject>)
    keep<Rule::kept(*given<Tag>(subject{}), subject{}, registry<Closed>{}), Rule, Facts>();
}
template <class Closed, class Facts, class... Rules>
void check_closing_by_all(list<Rules...>) {
  (check_closing_by<Closed, Facts>(Rules{}), ...);
}
template <class Closed, class Facts>
void check_closing(const operation<Facts>*) {
  if constexpr (!std::is_same_v<rules_of<Facts>, list<>>) check_closing_by_all<Closed, Facts>(rules_of<Facts>{});
}

// Of plugins.

template <class Rule, class Registry>
concept about_registries = requires { Rule::kept(Registry{}); };

template <class Closed, class Rule, class Operation>
void check_operation_by() {
  keep<Rule::kept(Operation{}, registry<Closed>{}), Rule, Operation>();
}
template <class Closed, class Rule, class... Operations>
void check_registry_by(list<Operations...>) {
  if constexpr (about_registries<Rule, registry<Closed>>)
    keep<Rule::kept(registry<Closed>{}), Rule, Closed>();
  else
    each(&check_operation_by<Closed, Rule, Operations>...);
}
template <class Closed, class... Rules>
void check_registry(rules<Rules...>) {
  (check_registry_by<Closed, Rules>(typename Closed::operations{}), ...);
}

/// The rules of all plugins, each once.
template <class Found, class... More>
struct joined_rules {
  using type = Found;
};
template <class... Found, class Rule, class... Rest, class... More>
struct joined_rules<rules<Found...>, rules<Rule, Rest...>, More...>
    : joined_rules<std::conditional_t<(std::is_same_v<Found, Rule> || ...), rules<Found...>, rules<Found..., Rule>>,
                   rules<Rest...>, More...> {};
template <class... Found, class... More>
struct joined_rules<rules<Found...>, rules<>, More...> : joined_rules<rules<Found...>, More...> {};

template <class Closed>
typename Closed::rules rules_of_plugin(const registry<Closed>&);
rules<> rules_of_plugin(...);

template <class... Plugins>
typename joined_rules<rules<>, decltype(rules_of_plugin(std::declval<const Plugins&>()))...>::type all_rules(
    const Plugins&...);

}  // namespace tokengate::detail
