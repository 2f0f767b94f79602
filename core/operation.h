// The object behind the name of an operation.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tokengate/core/collect.h>
#include <tokengate/core/declaration.h>
#include <tokengate/core/launch.h>
#include <tokengate/core/macros.h>
#include <tokengate/core/operation_info.h>
#include <tokengate/core/rules.h>

namespace tokengate {
namespace detail {

/// The one record of an operation, shared by all units that see its declaration.
template <class Facts>
inline constinit operation_record record_of{info_of<Facts>};

/// A declaration that was refused can still be called, so that its mistake is reported once and not again by every
/// call.
template <class Facts>
inline constexpr bool unusable =
    !has_call<Facts> || (mistakes_of<Facts> & (asynchronous_result | unmovable_result | keys_unknown)) != 0 ||
    (arguments_of<Facts>.dangling | arguments_of<Facts>.unstorable | arguments_of<Facts>.without_key) != 0;

template <class Facts>
struct usable_call : call_of<Facts> {};
template <class Facts>
  requires unusable<Facts>
struct usable_call<Facts> {
  static auto result_of() {
    if constexpr (!has_call<Facts>)
      return std::type_identity<void>{};
    else if constexpr ((mistakes_of<Facts> & (asynchronous_result | unmovable_result)) != 0)
      return std::type_identity<void>{};
    else
      return std::type_identity<typename call_of<Facts>::result>{};
  }
  static auto parameters_of() {
    if constexpr (has_call<Facts>)
      return typename call_of<Facts>::parameters{};
    else
      return list<>{};
  }
  using result = typename decltype(result_of())::type;
  using parameters = decltype(parameters_of());
};

/// Calls the user's function with its arguments, of which the last may be left to their defaults.
template <class Facts, class... Arguments>
constexpr decltype(auto) call_user(Arguments&&... arguments) {
  if constexpr (requires { Facts::tokengate_callable(); })
    return std::invoke(Facts::tokengate_callable(), std::forward<Arguments>(arguments)...);
  else
    return tokengate_body(Facts{}, std::forward<Arguments>(arguments)...);
}

template <class Facts, class... Stored>
concept user_takes = requires { std::invoke(Facts::tokengate_callable(), std::declval<Stored>()...); } ||
                     requires { Facts::tokengate_call(std::declval<Stored>()...); };

/// How the arguments of one call are kept.
template <class Facts, class Indices, class... Arguments>
struct kept_arguments;
template <class Facts, std::size_t... Index, class... Arguments>
struct kept_arguments<Facts, std::index_sequence<Index...>, Arguments...> {
  template <class... Parameters>
  static std::tuple<Parameters...> as_tuple(list<Parameters...>);
  using parameters = decltype(as_tuple(typename call_of<Facts>::parameters{}));
  template <std::size_t I, class Argument>
  using stored = typename detail::stored<std::tuple_element_t<I, parameters>, Argument>::type;

  static consteval bool fit() {
    if constexpr ((std::convertible_to<Arguments, stored<Index, Arguments>> && ...))
      return user_takes<Facts, stored<Index, Arguments>...>;
    else
      return false;
  }
  static consteval bool has_key() {
    constexpr attributes marks = info_of<Facts>.attributes;
    if constexpr (marks.anchored)
      return anchor_key<marks.hash_policy>::template possible<stored<Index, Arguments>...>;
    else
      return true;
  }
  static auto launch(Arguments... arguments) {
    return detail::launch<operation<Facts>, stored<Index, Arguments>...>(std::forward<Arguments>(arguments)...);
  }
};

template <class Facts, class... Arguments>
using call_arguments = kept_arguments<Facts, std::index_sequence_for<Arguments...>, Arguments...>;

/// What is to be said of a call.
enum class verdict : unsigned char { fine, misfit, without_key };

template <class Facts, class... Arguments>
consteval verdict judge() {
  if constexpr (unusable<Facts>)
    return verdict::fine;
  else if constexpr (sizeof...(Arguments) > call_of<Facts>::parameters::size)
    return verdict::misfit;
  else if constexpr (!call_arguments<Facts, Arguments...>::fit())
    return verdict::misfit;
  else
    return call_arguments<Facts, Arguments...>::has_key() ? verdict::fine : verdict::without_key;
}
template <class Facts, class... Arguments>
inline constexpr verdict verdict_on = judge<Facts, Arguments...>();

/// What a refused call of an instance would have returned.
template <class Facts, class...>
struct token_of {
  using type = token<typename operation<Facts>::result_type>;
};

/// The operation of these facts can be called with these arguments.
template <class Facts, class... Arguments>
concept accepts = verdict_on<Facts, Arguments...> == verdict::fine;
template <class Facts, class... Arguments>
concept misfits = verdict_on<Facts, Arguments...> == verdict::misfit;
template <class Facts, class... Arguments>
concept lacks_key = verdict_on<Facts, Arguments...> == verdict::without_key;

template <class Facts, class... Given>
auto launch_exactly(std::remove_reference_t<Given>&... given) {
  if constexpr (unusable<Facts>)
    return token<typename usable_call<Facts>::result>();
  else
    return call_arguments<Facts, Given...>::launch(std::forward<Given>(given)...);
}

/// The calls with the first parameters, with one more, and so on to all: those that leave the rest to its defaults.
template <class Facts, class Given, class... Rest>
struct exact_calls;
template <class Facts, class... Given>
struct exact_calls<Facts, list<Given...>> {
  auto operator()(Given... given) const volatile { return launch_exactly<Facts, Given...>(given...); }
};
template <class Facts, class... Given, class Next, class... Rest>
struct exact_calls<Facts, list<Given...>, Next, Rest...> : exact_calls<Facts, list<Given..., Next>, Rest...> {
  using exact_calls<Facts, list<Given..., Next>, Rest...>::operator();
  auto operator()(Given... given) const volatile
    requires accepts<Facts, Given...>
  {
    return launch_exactly<Facts, Given...>(given...);
  }
};

/// The call as it was declared, for braced lists: operation({1, 2}, "x"). Being volatile it is the worse choice, and so
/// only taken where the one that deduces its arguments cannot be.
template <class Facts, class Parameters>
struct exact_call {
  void operator()(exact_call) const = delete;  // nothing to add to an operation without arguments, or of a member
};
template <class Facts, class First, class... Rest>
struct exact_call<Facts, list<First, Rest...>> : exact_calls<Facts, list<First>, Rest...> {};
template <class Facts, class Member, class... Rest>
struct exact_call<Facts, list<receiver<Member>, Rest...>> : exact_call<Facts, list<>> {};

}  // namespace detail

/// An operation: call it like the function it was declared as, and get a token in place of the result. Operation
/// objects are empty, constant and may be copied; all of them may be used from any thread at any time.
template <class Facts>
class operation : public Facts, public detail::exact_call<Facts, typename detail::usable_call<Facts>::parameters> {
  using call = detail::usable_call<Facts>;
  using exact = detail::exact_call<Facts, typename call::parameters>;

 public:
  using result_type = typename call::result;

  /// The facts of the declaration, usable in constant expressions.
  static constexpr const operation_info& info = detail::info_of<Facts>;

  /// What the running program knows of the operation.
  static constexpr operation_record& record() noexcept { return detail::record_of<Facts>; }

  /// Whether a call with these arguments is accepted. (A call that is not exists too, to refuse it by name;
  /// std::is_invocable does not tell them apart.)
  template <class... Arguments>
  static constexpr bool takes = detail::accepts<Facts, Arguments...>;

  using exact::operator();
  using Facts::operator();  // the refusal of arguments that do not fit, with the operation's name in the message

  /// Keeps the arguments by value (std::ref and std::cref share instead) and returns the token of the call. Inside a
  /// token the new one is its child. May suspend the calling token, or run the child before it returns, but never
  /// blocks a core; a thread waits when the mailbox is full. Throws operation_not_registered, no_coordinator,
  /// coordinator_stopped, bad_alloc, or what copying an argument throws.
  template <class... Arguments>
    requires detail::accepts<Facts, Arguments...>
  token<result_type> operator()(Arguments&&... arguments) const {
    if constexpr (detail::unusable<Facts>)
      return {};
    else
      return detail::call_arguments<Facts, Arguments&&...>::launch(std::forward<Arguments>(arguments)...);
  }

  /// Runs the user's function here and now; for the token that carries the call.
  template <class... Stored>
  static result_type invoke(Stored&&... stored) {
    return detail::call_user<Facts>(std::forward<Stored>(stored)...);
  }
};

}  // namespace tokengate
