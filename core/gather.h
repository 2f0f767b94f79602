// Waiting for many tokens at once.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <tokengate/core/asynchronous.h>
#include <tokengate/core/token.h>

namespace tokengate {

/// Tag value: gather outcomes instead of throwing the first failure.
struct return_exceptions_t {
  explicit return_exceptions_t() = default;
};
inline constexpr return_exceptions_t return_exceptions{};

/// A result or the exception that came in its place.
template <class T>
class outcome {
 public:
  /// The result of a finished token.
  explicit outcome(token<T>&& finished) {
    try {
      if constexpr (std::is_void_v<T>) {
        finished.get();
        value_.emplace();
      } else if constexpr (std::is_reference_v<T>) {
        T&& referred = finished.get();
        value_.emplace(std::addressof(referred));
      } else {
        value_.emplace(finished.get());
      }
    } catch (const detail::stop_unwind&) {
      throw;
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  /// The result; throws the exception that came in its place.
  std::add_lvalue_reference_t<T> value() & {
    check();
    if constexpr (std::is_reference_v<T>)
      return **value_;
    else if constexpr (!std::is_void_v<T>)
      return *value_;
  }
  T value() && {
    check();
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(**value_);
    else if constexpr (!std::is_void_v<T>)
      return std::move(*value_);
  }

  /// Null when there is a value.
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

 private:
  void check() const {
    if (error_) std::rethrow_exception(error_);
  }
  std::optional<detail::kept<T>> value_;
  std::exception_ptr error_;
};

namespace detail {

// In place of the concepts of <ranges>, which takes a tenth of the time that all of <tokengate/tokengate.h> does.
template <class Range>
using iterator_of = decltype(std::ranges::begin(std::declval<Range&>()));
template <class Range>
using element_of = std::iter_value_t<iterator_of<Range>>;

/// In a tuple of results `void` shows as std::monostate.
template <class T>
using gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
gathered<T> get_gathered(token<T>& finished) {
  if constexpr (std::is_void_v<T>) {
    token_access::take(finished);
    return {};
  } else {
    return token_access::take(finished);
  }
}

template <class... T>
void await_tuple(const token<T>&... tokens) {
  if constexpr (sizeof...(T) > 0) {
    node* const nodes[] = {&token_access::node_of(tokens)...};
    await_all(nodes, sizeof...(T));
  }
}

/// Calls `ended(handle, node)` for each token that was run in place here, while its memory is at hand.
template <class T, class Ended>
void await_range(std::vector<token<T>>& tokens, Ended ended) {
  constexpr std::size_t ahead = 8;  // so far that the memory of the next ones has come from wherever it is
  std::size_t open = 0;
  host* const core = host::current();
  for (std::size_t i = tokens.size(); i-- > 0;) {
    if (i >= ahead) __builtin_prefetch(token_access::peek(tokens[i - ahead]), 1);
    node& each = token_access::node_of(tokens[i]);
    if (core != nullptr && core->run_inline(each))
      ended(tokens[i], each);
    else if (!over(each))
      ++open;
  }
  if (open == 0) return;
  std::vector<node*> nodes;
  nodes.reserve(open);
  for (const auto& handle : tokens)
    if (handle.valid() && !over(token_access::node_of(handle))) nodes.push_back(&token_access::node_of(handle));
  if (!nodes.empty()) await_open(nodes.data(), nodes.size());
}

/// Takes the results of those that have one: `void` needs no place to keep it.
template <class T>
void await_range(std::vector<token<T>>& tokens) {
  await_range(tokens, [](token<T>& handle, const node& finished) {
    if constexpr (std::is_void_v<T>) {
      if (finished.state() == token_state::completed) token_access::take(handle);
    }
  });
}

template <class Range>
auto to_vector(Range&& tokens) {
  std::vector<element_of<Range>> all;
  if constexpr (requires { std::ranges::size(tokens); }) all.reserve(std::ranges::size(tokens));
  for (auto&& handle : tokens) all.push_back(std::move(handle));
  return all;
}

}  // namespace detail

/// A range whose elements are tokens; gather consumes them.
template <class R>
concept token_range = std::input_iterator<detail::iterator_of<R>> && detail::is_token<detail::element_of<R>> &&
                      requires(R& range) { std::ranges::end(range); };

/// Waits until every token has ended, then returns the results in order, or throws the first failure in order (the
/// others are dropped). Inside a token, those that nobody runs yet are run in place, last to first.
template <class... T>
std::tuple<detail::gathered<T>...> gather(token<T>... tokens) {
  detail::await_tuple(tokens...);
  return std::tuple<detail::gathered<T>...>{detail::get_gathered(tokens)...};
}

template <class T>
auto gather(std::vector<token<T>> tokens) {
  detail::await_range(tokens);
  if constexpr (std::is_void_v<T>) {
    for (auto& handle : tokens)
      if (handle.valid()) detail::token_access::take(handle);
  } else {
    std::vector<std::conditional_t<std::is_reference_v<T>, std::reference_wrapper<std::remove_reference_t<T>>, T>>
        results;
    results.reserve(tokens.size());
    for (auto& handle : tokens) results.push_back(detail::token_access::take(handle));
    return results;
  }
}

template <token_range Range>
auto gather(Range&& tokens) {
  return gather(detail::to_vector(std::forward<Range>(tokens)));
}

/// The same, but every token's outcome is returned: a value or the exception in its place.
template <class... T>
std::tuple<outcome<T>...> gather(return_exceptions_t, token<T>... tokens) {
  detail::await_tuple(tokens...);
  return std::tuple<outcome<T>...>{outcome<T>(std::move(tokens))...};
}

template <class T>
std::vector<outcome<T>> gather(return_exceptions_t, std::vector<token<T>> tokens) {
  detail::await_range(tokens, [](token<T>&, const detail::node&) {});
  std::vector<outcome<T>> results;
  results.reserve(tokens.size());
  for (auto& handle : tokens) results.emplace_back(std::move(handle));
  return results;
}

template <token_range Range>
auto gather(return_exceptions_t, Range&& tokens) {
  return gather(return_exceptions, detail::to_vector(std::forward<Range>(tokens)));
}

}  // namespace tokengate
