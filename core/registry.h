// Closing a registry: what can only be checked once all operations are known. This header is all that
// TOKENGATE_APPLICATION and TOKENGATE_PLUGIN need; what they define is described in registry_value.h.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tokengate/core/closing_rules.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/registry_value.h>
#include <tokengate/core/storage_choice.h>

namespace tokengate::detail {

/// What can clash when a registry closes. Codes, sentences and remedies stand in macros_detail.h.
enum clash : unsigned { same_name, unknown_call, anchored_child, unlinked_lane, mixed_exclusive };

/// The names of the lanes that the program links, in `names`. Defined by the header that is generated with them, which
/// <tokengate/tokengate.h> includes; without it the program is taken to link none.
template <class Closed>
struct linked_lanes;

template <class Closed>
constexpr bool links_lane(std::string_view name) {
  if constexpr (requires { linked_lanes<Closed>::names; })
    for (const std::string_view each : linked_lanes<Closed>::names)
      if (each == name) return true;
  return false;
}

/// Of the operations that share an anchor's name, the first that differs from the others: one name, one mistake.
template <class Closed>
constexpr bool differs_in_exclusive(const operation_info& info) {
  const operation_info* first = nullptr;
  for (const operation_info* const each : registry<Closed>::infos()) {
    if (!each->attributes.anchored || each->anchor != info.anchor) continue;
    if (first == nullptr) first = each;
    if (each->attributes.exclusive != first->attributes.exclusive) return each == &info;
  }
  return false;
}

template <class Closed>
constexpr bool clashes(clash kind, const operation_info& info, std::size_t which) {
  if (kind == same_name) return registry<Closed>::find(info.name) != &info;
  if (kind == unlinked_lane) return !info.lane.empty() && !links_lane<Closed>(info.lane);
  if (kind == mixed_exclusive) return info.attributes.anchored && differs_in_exclusive<Closed>(info);
  if (info.calls[which].empty() || !first_mention(info, which)) return false;  // refused at the declaration
  const operation_info* const child = registry<Closed>::find(info.calls[which]);
  return kind == unknown_call ? child == nullptr : child != nullptr && child->attributes.anchored;
}

/// Instantiates the refusal that the declaration of the operation holds ready: the error stands at its line and carries
/// its name; which of its calls is wrong shows in the line above (g++) or below (clang).
template <class Closed, class Operation, clash Kind>
void check() {
  if constexpr (clashes<Closed>(Kind, Operation::info, 0))
    static_cast<void>(sizeof(typename Operation::template tokengate_clash<Kind>));
}
template <class Closed, class Operation, clash Kind, std::size_t Which>
void check_call() {
  if constexpr (clashes<Closed>(Kind, Operation::info, Which)) {
    constexpr std::string_view name = Operation::info.calls[Which];
    constexpr auto entry = spell<name.size() + 1>(name);
    static_cast<void>(sizeof(typename Operation::template tokengate_clash<Kind, entry>));
  }
}

template <class Closed, class Operation, std::size_t... Which>
void check_calls(std::index_sequence<Which...>) {
  (check_call<Closed, Operation, unknown_call, Which>(), ...);
  (check_call<Closed, Operation, anchored_child, Which>(), ...);
}

/// Whether any check of an operation finds something. Most find nothing: then nothing more is instantiated.
template <class Closed, bool Whole>
constexpr bool clashes_somehow(const operation_info& info) {
  if (clashes<Closed>(same_name, info, 0)) return true;
  if constexpr (Whole) {
    if (clashes<Closed>(unlinked_lane, info, 0) || clashes<Closed>(mixed_exclusive, info, 0)) return true;
    for (std::size_t which = 0; which < info.calls.size(); ++which)
      if (clashes<Closed>(unknown_call, info, which) || clashes<Closed>(anchored_child, info, which)) return true;
  }
  return false;
}

template <class Closed, class Operation, bool Whole>
void check_operation() {
  if constexpr (clashes_somehow<Closed, Whole>(Operation::info)) {
    check<Closed, Operation, same_name>();
    if constexpr (Whole) {
      check<Closed, Operation, unlinked_lane>();
      check<Closed, Operation, mixed_exclusive>();
      check_calls<Closed, Operation>(std::make_index_sequence<Operation::info.calls.size()>{});
    }
  }
  if constexpr (Whole) check_closing<Closed>(static_cast<const Operation*>(nullptr));
}

// The macros ask for the result type of these two, which is deduced and so makes the compiler look at their bodies, and
// from there at each check() by itself. Were anything here constant or deduced, one refusal would hide the next, or be
// followed by an error about its caller.
template <class Closed, class... Operations>
auto check_plugin(list<Operations...>) {
  each(&check_operation<Closed, Operations, false>...);
}
template <class Closed, class... Operations>
auto check_application(list<Operations...>) {
  each(&check_operation<Closed, Operations, true>...);
  check_registry<Closed>(typename Closed::rules{});
}

template <class T>
inline constexpr bool is_registry = false;
template <class Closed>
inline constexpr bool is_registry<registry<Closed>> = true;

template <class... Plugins>
std::bool_constant<(is_registry<Plugins> && ...)> are_plugins(const Plugins&...);

/// Each operation once, though a plugin is named twice or its operations are visible by a using-directive as well.
template <class... All>
constexpr auto once(list<All...> all) {
  constexpr auto infos = infos_of(all);
  constexpr name_index index(infos);
  std::array<bool, sizeof...(All)> result{};
  for (std::size_t place = 0; place < infos.size(); ++place) {
    const std::size_t first = index.place_of(infos[place]->name);
    result[place] = first == place || infos[first] != infos[place];
  }
  return result;
}
template <class List, class Indices = std::make_index_sequence<List::size>>
struct unique;
template <class... All, std::size_t... Place>
struct unique<list<All...>, std::index_sequence<Place...>> {
  static constexpr auto keep = once(list<All...>{});
  using type = typename joined<std::conditional_t<keep[Place], list<All>, list<>>...>::type;
};

template <class Closed>
typename Closed::operations operations_of(const registry<Closed>&);
list<> operations_of(...);

/// The type of what it returns: a list of the operations of an application.
template <class Own>
Own all_operations(Own);
template <class Own, class First, class... Plugins>  // First: nothing is looked for twice where there are no plugins
typename unique<typename joined<Own, decltype(operations_of(std::declval<const First&>())),
                                decltype(operations_of(std::declval<const Plugins&>()))...>::type>::type
all_operations(Own, const First&, const Plugins&...);

}  // namespace tokengate::detail
