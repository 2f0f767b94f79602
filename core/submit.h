// Tokens for callables that are no registered operations.
#pragma once

#include <chrono>
#include <functional>
#include <type_traits>
#include <utility>

#include <tokengate/core/arguments.h>
#include <tokengate/core/asynchronous.h>
#include <tokengate/core/declaration.h>
#include <tokengate/core/launch.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/signature.h>
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
using submit_result = std::invoke_result_t<std::decay_t<Callable>, std::unwrap_ref_decay_t<Arguments>...>;

template <class Callable, class... Arguments>
auto submit_with(attributes marks, std::chrono::nanoseconds timeout, Callable&& callable, Arguments&&... arguments) {
  using result = submit_result<Callable, Arguments...>;
  using type =
      call_type<submitted<result>, without_key, result, std::decay_t<Callable>, std::unwrap_ref_decay_t<Arguments>...>;
  return make_token<typename type::node_class>({.type = type::value, .marks = marks, .timeout = timeout},
                                               std::forward<Callable>(callable), std::forward<Arguments>(arguments)...);
}

/// What is to be said of a submit; the sentences stand below.
enum class submit_verdict : unsigned char { fine, misfit, promised, not_a_tag, tag_twice, anchored, without_calls };

template <class... Given>
consteval submit_verdict judge_submit_tags(std::type_identity<tags<Given...>> given) {
  constexpr unsigned wrong = mistakes_in_kinds(given);
  if (wrong & not_a_tag) return submit_verdict::not_a_tag;
  if (wrong & tag_twice) return submit_verdict::tag_twice;
  if (count_of<sticky_anchor, Given...> + count_of<hash_policy, Given...> + count_of<exclusive_tag, Given...> > 0)
    return submit_verdict::anchored;
  return wrong & (lone_digest_policy | lone_domain) ? submit_verdict::without_calls : submit_verdict::fine;
}
template <class Tags, class Callable, class... Arguments>
consteval submit_verdict judge_submit() {
  if constexpr (!std::is_invocable_v<std::decay_t<Callable>, std::unwrap_ref_decay_t<Arguments>...>)
    return submit_verdict::misfit;
  else if constexpr (asynchronous<submit_result<Callable, Arguments...>>())
    return submit_verdict::promised;
  else
    return judge_submit_tags(std::type_identity<Tags>{});
}
template <submit_verdict Verdict, class Tags, class Callable, class... Arguments>
concept judged = judge_submit<Tags, Callable, Arguments...>() == Verdict;

template <class T>
inline constexpr bool is_tags = is_list_of_tags<std::remove_cvref_t<T>>;

/// What a refused submit returns: the token it would have returned, so that nothing else is wrong there.
template <class Callable, class... Arguments>
auto find_refused_result() {
  using kept = std::decay_t<Callable>;
  if constexpr (std::is_invocable_v<kept, std::unwrap_ref_decay_t<Arguments>...>)
    return token<submit_result<Callable, Arguments...>>{};
  else if constexpr (requires { typename signature<kept>::result; })
    return token<typename signature<kept>::result>{};
  else if constexpr (requires { typename signature<decltype(&kept::operator())>::result; })
    return token<typename signature<decltype(&kept::operator())>::result>{};
  else
    return token<void>{};
}
template <class Callable, class... Arguments>
using refused_result = decltype(find_refused_result<Callable, Arguments...>());

// What is refused exists, too, so that the error stands at the user's line. `submit` is an object, and this its base,
// because then it is said once that something is unavailable: g++ says it twice of functions that are no operators,
// clang of those that no using-declaration brought.
struct refused_submits {
#define TOKENGATE_DETAIL_REFUSE_SUBMIT(verdict, code, message)                                                \
  template <class... Given, class Callable, class... Arguments>                                               \
    requires judged<submit_verdict::verdict, tags<Given...>, Callable, Arguments...>                          \
  __attribute__((unavailable("tokengate[" code "] submit: " message))) refused_result<Callable, Arguments...> \
  operator()(const tags<Given...>&, Callable&&, Arguments&&...) const {                                       \
    return {};                                                                                                \
  }                                                                                                           \
  template <class Callable, class... Arguments>                                                               \
    requires(!is_tags<Callable> && judged<submit_verdict::verdict, tags<>, Callable, Arguments...>)           \
  __attribute__((unavailable("tokengate[" code "] submit: " message))) refused_result<Callable, Arguments...> \
  operator()(Callable&&, Arguments&&...) const {                                                              \
    return {};                                                                                                \
  }
  TOKENGATE_DETAIL_REFUSE_SUBMIT(misfit, "TG-E301",
                                 "the callable cannot be called with these arguments; they are kept by value and "
                                 "passed as rvalues, so share an object deliberately with std::ref(object)")
  TOKENGATE_DETAIL_REFUSE_SUBMIT(promised, "TG-E302",
                                 "the callable is asynchronous already; return the value itself, not a token, future, "
                                 "awaitable or coroutine")
  TOKENGATE_DETAIL_REFUSE_SUBMIT(not_a_tag, "TG-E303",
                                 "something that is no tag stands among the tags; use the tags of docs/operations.md "
                                 "or specialise tokengate::tag_traits")
  TOKENGATE_DETAIL_REFUSE_SUBMIT(tag_twice, "TG-E305", "a tag is given twice; keep one tag of each kind")
  TOKENGATE_DETAIL_REFUSE_SUBMIT(anchored, "TG-E306",
                                 "only operations are anchored; declare one, or take sticky_anchor, hash_policy and "
                                 "exclusive away")
  TOKENGATE_DETAIL_REFUSE_SUBMIT(without_calls, "TG-E307",
                                 "domain and digest_policy need external_calls; add the calls or take them away")
#undef TOKENGATE_DETAIL_REFUSE_SUBMIT
};

struct submit_function : refused_submits {
  using refused_submits::operator();

  template <class... Given, class Callable, class... Arguments>
    requires judged<submit_verdict::fine, tags<Given...>, Callable, Arguments...>
  auto operator()(const tags<Given...>& marks, Callable&& callable, Arguments&&... arguments) const {
    operation_info info;
    marks.apply(info);
    info.attributes.anchored = info.attributes.exclusive = false;  // whatever tag set them: there is no key
    if (!info.lane.empty()) info.attributes.lane = lane_number(info.lane);
    return submit_with(info.attributes, info.timeout, std::forward<Callable>(callable),
                       std::forward<Arguments>(arguments)...);
  }
  template <class Callable, class... Arguments>
    requires(!is_tags<Callable> && judged<submit_verdict::fine, tags<>, Callable, Arguments...>)
  auto operator()(Callable&& callable, Arguments&&... arguments) const {
    return submit_with(attributes{}, std::chrono::nanoseconds{0}, std::forward<Callable>(callable),
                       std::forward<Arguments>(arguments)...);
  }
};

}  // namespace detail

/// submit(callable, arguments...) or submit(tags{...}, callable, arguments...): makes a token that calls `callable`
/// with copies of the arguments (moved in; std::ref shares). Tags are those of an operation but for anchors: an anchor
/// needs a name that lives as long as the program. A lane that is not linked is misuse. Context, blocking and errors as
/// for calling an operation.
inline constexpr detail::submit_function submit{};

}  // namespace tokengate
