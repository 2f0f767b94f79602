// Tokens for callables that are no registered operations.
#pragma once

#include <chrono>
#include <functional>
#include <type_traits>
#include <utility>

#include <tokengate/core/arguments.h>
#include <tokengate/core/asynchronous.h>
#include <tokengate/core/launch.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/tag_traits.h>

namespace tokengate {

namespace detail {

/// What a node runs for submit(): the callable is its first stored value.
template <class Result>
struct submitted {
  using result_type = Result;
  template <class Callable, class... Arguments>
  static Result invoke(Callable&& callable, Arguments&&... arguments) {
    return std::invoke(std::forward<Callable>(callable), std::forward<Arguments>(arguments)...);
  }
};

template <class Callable, class... Arguments>
auto submit_with(attributes marks, std::chrono::nanoseconds timeout, Callable&& callable, Arguments&&... arguments) {
  static_assert(
      std::is_invocable_v<std::decay_t<Callable>, std::unwrap_ref_decay_t<Arguments>...>,
      "tokengate[TG-E301] submit: the callable cannot be called with these arguments; they are kept by value and "
      "passed as rvalues, so share an object deliberately with std::ref(object)");
  using result = std::invoke_result_t<std::decay_t<Callable>, std::unwrap_ref_decay_t<Arguments>...>;
  static_assert(
      !asynchronous<result>(),
      "tokengate[TG-E302] submit: the callable is asynchronous (its result is a token, a future or an awaitable); "
      "return the value itself, waiting inside a token never blocks a core");
  return make_token<
      task_node<submitted<result>, result, std::decay_t<Callable>, std::unwrap_ref_decay_t<Arguments>...>>(
      marks, 0, timeout, std::forward<Callable>(callable), std::forward<Arguments>(arguments)...);
}

}  // namespace detail

/// Makes a token that calls `callable` with copies of the arguments (moved in; std::ref shares). Tags are those of an
/// operation but for anchors and calls: weight, storage_speed, domain, timeout, lane (misuse if it is not linked).
/// Context, blocking and errors as for calling an operation.
template <class... Given, class Callable, class... Arguments>
auto submit(const tags<Given...>& marks, Callable&& callable, Arguments&&... arguments) {
  static_assert((tag<Given> && ...),
                "tokengate[TG-E303] submit: something among the tags is no tag; see tokengate/core/tags.h");
  operation_info info;
  marks.apply(info);
  if (!info.lane.empty()) info.attributes.lane = lane_number(info.lane);
  info.attributes.anchored = false;  // an anchor needs a name that lives as long as the program: declare an operation
  return detail::submit_with(info.attributes, info.timeout, std::forward<Callable>(callable),
                             std::forward<Arguments>(arguments)...);
}

template <class T>
inline constexpr bool is_tags = false;
template <class... Given>
inline constexpr bool is_tags<tags<Given...>> = true;

template <class Callable, class... Arguments>
  requires(!is_tags<std::decay_t<Callable>>)
auto submit(Callable&& callable, Arguments&&... arguments) {
  return detail::submit_with(attributes{}, std::chrono::nanoseconds{0}, std::forward<Callable>(callable),
                             std::forward<Arguments>(arguments)...);
}

}  // namespace tokengate
