// Results that are a promise of a result: a function that returns one is asynchronous already and no operation.
#pragma once

#include <coroutine>
#include <type_traits>

namespace tokengate {

template <class T>
class token;

namespace detail {

template <class T>
inline constexpr bool is_token = false;
template <class T>
inline constexpr bool is_token<token<T>> = true;

/// std::future, std::shared_future and whatever else is made in their likeness.
template <class T>
concept future_like = requires(T& result) {
  result.get();
  result.wait();
  result.valid();
};

template <class T>
concept awaitable =
    requires(T& result) { result.await_ready(); } || requires(T& result) { result.operator co_await(); } ||
    requires(T& result) { operator co_await(result); } ||
    requires(T&& result) { operator co_await(static_cast<T&&>(result)); };

/// A function with this result and these parameters could be a coroutine.
template <class Result, class... Parameters>
concept coroutine_result = requires { typename std::coroutine_traits<Result, Parameters...>::promise_type; };

template <class Result, class... Parameters>
consteval bool asynchronous() {
  using value = std::remove_cvref_t<Result>;
  if constexpr (std::is_void_v<value> || std::is_scalar_v<value>)
    return false;
  else
    return is_token<value> || future_like<value> || awaitable<value> || coroutine_result<value, Parameters...>;
}

}  // namespace detail
}  // namespace tokengate
