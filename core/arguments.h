// What an operation may take, and how what it takes is kept until it runs.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace tokengate {

/// Whether a value of type T only refers to what somebody else owns, so that keeping it would leave it dangling.
/// Specialise it for own types: true for a view TokenGate does not recognise, false for one that owns what it shows.
template <class T>
inline constexpr bool refers_elsewhere = std::ranges::enable_view<T> && std::ranges::enable_borrowed_range<T>;

template <class T>
inline constexpr bool refers_elsewhere<std::initializer_list<T>> = true;

namespace detail {

/// The object a member function is called on: kept as whatever the caller gave (a copy, a pointer, std::ref).
template <class Member>
struct receiver {};
template <class T>
inline constexpr bool is_receiver = false;
template <class Member>
inline constexpr bool is_receiver<receiver<Member>> = true;

/// T, or what T keeps inside, refers elsewhere: std::vector<std::string_view> as well as std::string_view.
template <class T>
struct dangles : std::false_type {};  // of an incomplete type nothing is known
template <class T>
  requires(sizeof(T) != 0 && refers_elsewhere<T>)
struct dangles<T> : std::true_type {};

// Own types may name anything `value_type`; looking only at template arguments of T itself is what makes this end.
template <class T, class Element>
concept keeps = requires { requires std::is_same_v<typename T::value_type, Element>; } || requires {
  requires std::is_same_v<typename T::key_type, Element>;
} || requires { requires std::is_same_v<typename T::mapped_type, Element>; };

template <template <class...> class Template, class... Elements>
  requires(sizeof(Template<Elements...>) != 0 && !refers_elsewhere<Template<Elements...>>)
struct dangles<Template<Elements...>>
    : std::bool_constant<((keeps<Template<Elements...>, Elements> && dangles<Elements>::value) || ...)> {};
template <class... Elements>
struct dangles<std::pair<Elements...>> : std::disjunction<dangles<Elements>...> {};
template <class... Elements>
struct dangles<std::tuple<Elements...>> : std::disjunction<dangles<Elements>...> {};
template <class... Elements>
struct dangles<std::variant<Elements...>> : std::disjunction<dangles<Elements>...> {};
template <class Element, std::size_t Count>
struct dangles<std::array<Element, Count>> : dangles<Element> {};

/// A parameter that would refer to what the caller may have destroyed, or changed, when the token runs.
template <class Parameter>
consteval bool parameter_dangles() {
  using value = std::remove_cvref_t<Parameter>;
  if constexpr (std::is_lvalue_reference_v<Parameter> && !std::is_const_v<std::remove_reference_t<Parameter>>)
    return true;
  if constexpr (std::is_array_v<value>) return true;
  return dangles<value>::value;
}

/// A parameter whose value cannot be moved into a token and out again. An incomplete type gets the benefit of the
/// doubt: it is checked by the call, and so is an abstract class taken by value, which the compiler refuses anyway.
template <class Parameter>
consteval bool parameter_unstorable() {
  using value = std::remove_cvref_t<Parameter>;
  if constexpr (parameter_dangles<Parameter>() || std::is_scalar_v<value>)
    return false;
  else if constexpr (!requires { sizeof(value); })
    return false;
  else if constexpr (std::is_abstract_v<value>)
    return std::is_reference_v<Parameter>;
  else
    return !std::is_move_constructible_v<value> || !std::is_destructible_v<value>;
}

/// A result that cannot leave the token; references, and void, always can.
template <class Result>
consteval bool result_unmovable() {
  if constexpr (std::is_void_v<Result> || std::is_reference_v<Result> || !requires { sizeof(Result); })
    return false;
  else
    return !std::is_move_constructible_v<std::remove_cv_t<Result>> || !std::is_destructible_v<Result>;
}

template <class T>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

/// Where the parameter is a reference: std::ref and std::cref share the caller's object, a derived object stays what it
/// is.
template <class Parameter, class Argument>
concept kept_as_given = std::is_lvalue_reference_v<Parameter> &&
                        (is_reference_wrapper<Argument> || std::is_base_of_v<std::decay_t<Parameter>, Argument>);

/// How one argument is kept: as a value of the parameter's type, made inside the token, but for those kept as given.
template <class Parameter, class Argument>
struct stored {
  using type = std::decay_t<std::conditional_t<kept_as_given<Parameter, std::decay_t<Argument>>, Argument, Parameter>>;
};
template <class Member, class Argument>
struct stored<receiver<Member>, Argument> {
  using type = std::decay_t<Argument>;
};

}  // namespace detail
}  // namespace tokengate
