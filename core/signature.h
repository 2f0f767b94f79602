// Takes the type of a function, a function pointer or a member apart.
#pragma once

#include <tokengate/core/arguments.h>

namespace tokengate::detail {

template <class... T>
struct list {
  static constexpr std::size_t size = sizeof...(T);
};

/// `result` and `parameters` (a list) of a callable with exactly one signature; neither for anything else.
template <class T>
struct signature {};

template <class Result, class... Parameters>
struct signature<Result(Parameters...)> {
  using result = Result;
  using parameters = list<Parameters...>;
};
template <class Result, class... Parameters>
struct signature<Result(Parameters...) noexcept> : signature<Result(Parameters...)> {};
template <class Function>
  requires std::is_function_v<Function>
struct signature<Function*> : signature<Function> {};

// A member function: the object comes first. How it may be qualified only matters to std::invoke.
#define TOKENGATE_DETAIL_MEMBER(qualifiers)                     \
  template <class Class, class Result, class... Parameters>     \
  struct signature<Result (Class::*)(Parameters...) qualifiers> \
      : signature<Result(receiver<Result (Class::*)(Parameters...) qualifiers>, Parameters...)> {};
TOKENGATE_DETAIL_MEMBER()
TOKENGATE_DETAIL_MEMBER(const)
TOKENGATE_DETAIL_MEMBER(noexcept)
TOKENGATE_DETAIL_MEMBER(const noexcept)
#undef TOKENGATE_DETAIL_MEMBER

/// The callable an instance is made of, as a value; a lambda or another object with one call operator is none.
template <class Callable>
constexpr Callable instance_of(Callable callable) {
  return callable;
}

}  // namespace tokengate::detail
