// The part of a node that depends on its result's type, and the part that depends on its callable.
#pragma once

#include <exception>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include <cxxabi.h>

#include <tokengate/core/anchor_key.h>
#include <tokengate/core/host.h>
#include <tokengate/core/node.h>
#include <tokengate/core/node_pool.h>

namespace tokengate::detail {

struct nothing {};

/// The function of a token ended its thread (pthread_exit, pthread_cancel), which other tokens live on: says so and
/// terminates the program.
[[noreturn]] void refuse_thread_exit(const node& guilty) noexcept;

/// How a result is kept: references by address, void as nothing, everything else as itself, but not constant.
template <class T>
using kept =
    std::conditional_t<std::is_void_v<T>, nothing,
                       std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, std::remove_cv_t<T>>>;

/// A node with room for a result of type T or the exception in its place; which one is alive follows from the state.
template <class T>
class result_node : public node {
 public:
  result_node(const node_type& kind, attributes marks) noexcept : node(kind, marks) {}

  /// Completed tokens only; once.
  T take() {
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(*value_);
    else if constexpr (!std::is_void_v<T>)
      return std::move(value_);
  }
  [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }

 protected:
  ~result_node() {
    const auto end = state();
    if (end == token_state::completed)
      value_.~kept<T>();
    else if (end == token_state::failed)
      failure_.~exception_ptr();
  }

  union {
    kept<T> value_;
    std::exception_ptr failure_;
  };
};

/// Not so for what is submitted without an operation.
template <class Op>
inline constexpr bool is_anchored = false;
template <class Op>
  requires requires { Op::info.attributes.anchored; }
inline constexpr bool is_anchored<Op> = Op::info.attributes.anchored;

/// How a token's key is made: not at all, or by this policy; and what its node has besides.
struct without_key {
  using extra = node_extra;
};
template <hash_policy Policy>
struct key_by {
  using extra = anchored_extra;
  static constexpr hash_policy policy = Policy;
};

template <class Op>
consteval auto key_of() {
  if constexpr (is_anchored<Op>)
    return key_by<Op::info.attributes.hash_policy>{};
  else
    return without_key{};
}

/// The node of a call with the values of type Stored. It does not depend on the function, so that compilers make it,
/// and all that goes from a call to a token on its way, once for all operations of one signature.
template <class Key, class T, class... Stored>
class call_node final : public result_node<T> {
 public:
  template <class... Args>
  explicit call_node(const node_type& kind, attributes marks, Args&&... args)
      : result_node<T>(kind, marks), arguments_(std::forward<Args>(args)...) {}

  /// Of a token with a sticky anchor, before it is sent off: its key, from the hash of the anchor's name. Throws what a
  /// user's fingerprint_append throws.
  void make_key(std::uint64_t name)
    requires requires { Key::policy; }
  {
    extra_.key = std::apply([name](const Stored&... stored) { return anchor_key<Key::policy>::of(name, stored...); },
                            arguments_);
  }

  static void* operator new(std::size_t size) { return thread_cache::local().allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    thread_cache::local().deallocate(memory, size);
  }
  // Arguments or results that want more alignment than usual.
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return thread_cache::allocate_large(size, static_cast<std::size_t>(alignment));
  }
  static void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    thread_cache::deallocate_large(memory);
  }

 private:
  template <class, class, class, class...>
  friend struct call_type;

  ~call_node() {
    if (!this->arguments_gone) arguments_.~tuple();
  }

  void keep_failure() noexcept { ::new (&this->failure_) std::exception_ptr(std::current_exception()); }

  /// The function has ended. Before the token is seen finished: what its arguments own ends with its run, not with its
  /// handle.
  void end_run() noexcept {
    this->arguments_gone = true;
    ++this->shields;
    arguments_.~tuple();
    --this->shields;
  }

  static void destroy(node& base) noexcept { delete static_cast<call_node*>(&base); }
  static std::exception_ptr failure_of(const node& base) noexcept {
    return static_cast<const call_node&>(base).failure();
  }
  static node_extra& extra_of(node& base) noexcept { return static_cast<call_node&>(base).extra_; }

  union {
    std::tuple<Stored...> arguments_;
  };
  typename Key::extra extra_;  // last, so that small arguments and results share a cache line with what all tokens need
};

/// The type of a node that calls Op::invoke with the values that it carries.
template <class Op, class Key, class T, class... Stored>
struct call_type {
  using node_class = call_node<Key, T, Stored...>;

  static token_state run(node& base) noexcept {
    auto& self = static_cast<node_class&>(base);
    auto end = token_state::completed;
    try {
      call(self, std::index_sequence_for<Stored...>{});
    } catch (const stop_unwind&) {
      end = token_state::killed;
    } catch (abi::__forced_unwind&) {
      refuse_thread_exit(self);
    } catch (...) {
      self.keep_failure();
      end = token_state::failed;
    }
    self.end_run();
    return end;
  }

  // Not by std::apply: it asks about exceptions, which takes the compiler a millisecond for each operation.
  template <std::size_t... Place>
  static void call(node_class& self, std::index_sequence<Place...>) {
    if constexpr (std::is_void_v<T>) {
      Op::invoke(std::forward<Stored>(std::get<Place>(self.arguments_))...);
    } else if constexpr (std::is_reference_v<T>) {
      T&& returned = Op::invoke(std::forward<Stored>(std::get<Place>(self.arguments_))...);  // named: has an address
      self.value_ = std::addressof(returned);
    } else {
      ::new (&self.value_) kept<T>(Op::invoke(std::forward<Stored>(std::get<Place>(self.arguments_))...));
    }
  }

  static constexpr node_type value{&run, &node_class::destroy, &node_class::failure_of, &node_class::extra_of};
};

}  // namespace tokengate::detail
