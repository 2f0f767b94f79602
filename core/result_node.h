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

/// How a result is kept: references by address, void as nothing, everything else as itself.
template <class T>
using kept = std::conditional_t<std::is_void_v<T>, nothing,
                                std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

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

/// A result_node with the values of type Stored that its function is called with. All that does not depend on the
/// function stands here, so that compilers make it once for all operations of one signature.
template <class Extra, class T, class... Stored>
class argument_node : public result_node<T> {
 public:
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

 protected:
  template <class... Args>
  explicit argument_node(const node_type& kind, attributes marks, Args&&... args)
      : result_node<T>(kind, marks), arguments_(std::forward<Args>(args)...) {}
  ~argument_node() {
    if (!this->arguments_gone) end_arguments();
  }

  void end_arguments() noexcept { arguments_.~tuple(); }

  void keep_failure() noexcept { ::new (&this->failure_) std::exception_ptr(std::current_exception()); }

  /// The function has ended. Before the token is seen finished: what its arguments own ends with its run, not with its
  /// handle.
  void end_run() noexcept {
    this->arguments_gone = true;
    ++this->shields;
    end_arguments();
    --this->shields;
  }

  /// A task_node adds nothing to be destroyed.
  static void destroy(node& base) noexcept {
    auto* const self = static_cast<argument_node*>(&base);
    self->~argument_node();
    if constexpr (alignof(argument_node) > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
      operator delete(self, sizeof(argument_node), std::align_val_t{alignof(argument_node)});
    else
      operator delete(self, sizeof(argument_node));
  }
  static std::exception_ptr failure_of(const node& base) noexcept {
    return static_cast<const argument_node&>(base).failure();
  }
  static node_extra& extra_of(node& base) noexcept { return static_cast<argument_node&>(base).extra_; }

  union {
    std::tuple<Stored...> arguments_;
  };
  Extra extra_;  // last, so that small arguments and results share a cache line with what every token needs
};

/// A node that calls Op::invoke with the values that it carries.
template <class Op, class T, class... Stored>
class task_node final
    : public argument_node<std::conditional_t<is_anchored<Op>, anchored_extra, node_extra>, T, Stored...> {
  using base_node = argument_node<std::conditional_t<is_anchored<Op>, anchored_extra, node_extra>, T, Stored...>;

 public:
  template <class... Args>
  explicit task_node(attributes marks, Args&&... args) : base_node(kind, marks, std::forward<Args>(args)...) {
    static_assert(sizeof(task_node) == sizeof(base_node) && alignof(task_node) == alignof(base_node));
  }

  /// Of a token with a sticky anchor, before it is sent off: its key. Throws what a user's fingerprint_append throws.
  void make_key()
    requires(is_anchored<Op>)
  {
    static constexpr auto name = anchor_name_hash(Op::info.anchor);
    this->extra_.key = std::apply(
        [](const Stored&... stored) { return anchor_key<Op::info.attributes.hash_policy>::of(name, stored...); },
        this->arguments_);
  }

 private:
  static token_state run(node& base) noexcept {
    auto& self = static_cast<task_node&>(base);
    auto end = token_state::completed;
    try {
      self.call(std::index_sequence_for<Stored...>{});
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
  void call(std::index_sequence<Place...>) {
    if constexpr (std::is_void_v<T>) {
      Op::invoke(std::forward<Stored>(std::get<Place>(this->arguments_))...);
    } else if constexpr (std::is_reference_v<T>) {
      T&& returned = Op::invoke(std::forward<Stored>(std::get<Place>(this->arguments_))...);  // named: has an address
      this->value_ = std::addressof(returned);
    } else {
      ::new (&this->value_) T(Op::invoke(std::forward<Stored>(std::get<Place>(this->arguments_))...));
    }
  }

  static constexpr node_type kind{&run, &base_node::destroy, &base_node::failure_of, &base_node::extra_of};
};

}  // namespace tokengate::detail
