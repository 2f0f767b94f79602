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
template <class Member>
struct member_signature {};
#define TOKENGATE_DETAIL_MEMBER(qualifiers)                            \
  template <class Class, class Result, class... Parameters>            \
  struct member_signature<Result (Class::*)(Parameters...) qualifiers> \
      : signature<Result(receiver<Result (Class::*)(Parameters...) qualifiers>, Parameters...)> {};
#define TOKENGATE_DETAIL_MEMBERS(qualifiers)    \
  TOKENGATE_DETAIL_MEMBER(qualifiers)           \
  TOKENGATE_DETAIL_MEMBER(qualifiers&)          \
  TOKENGATE_DETAIL_MEMBER(qualifiers&&)         \
  TOKENGATE_DETAIL_MEMBER(qualifiers noexcept)  \
  TOKENGATE_DETAIL_MEMBER(qualifiers& noexcept) \
  TOKENGATE_DETAIL_MEMBER(qualifiers&& noexcept)
TOKENGATE_DETAIL_MEMBERS()
TOKENGATE_DETAIL_MEMBERS(const)
TOKENGATE_DETAIL_MEMBERS(volatile)
TOKENGATE_DETAIL_MEMBERS(const volatile)
#undef TOKENGATE_DETAIL_MEMBERS
#undef TOKENGATE_DETAIL_MEMBER
template <class Member>
  requires std::is_member_function_pointer_v<Member>
struct signature<Member> : member_signature<Member> {};

/// The callable an instance is made of, as a value. An overloaded name is none, nor is a template.
struct instance_of {
  template <class Callable>
  constexpr Callable operator()(Callable callable) const {
    return callable;
  }
};

}  // namespace tokengate::detail
