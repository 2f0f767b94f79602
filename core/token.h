// The handle of one call: ask for its result, wait for it, or let it go.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <tokengate/core/await.h>
#include <tokengate/core/error.h>
#include <tokengate/core/host.h>
#include <tokengate/core/result_node.h>
#include <tokengate/core/token_state.h>
#include <tokengate/core/token_status.h>

namespace tokengate {

namespace detail {
struct token_access;
[[noreturn]] void throw_empty_token();
[[noreturn]] void throw_wait_timed_out(const node& awaited);
[[noreturn]] void throw_ended(const node& ended);
token_status status_of(const node& subject);
bool kill(node& subject, std::string_view reason);
void end_with_parent(node& child) noexcept;
std::chrono::steady_clock::time_point deadline_after(std::chrono::nanoseconds wait) noexcept;

/// What becomes of a token whose handle ends without having been asked.
inline void let_go(node& unasked) noexcept {
  if (host::current() != nullptr && !unasked.terminal()) end_with_parent(unasked);
  unasked.release(false);
}
}  // namespace detail

/// What one call of an operation returns. Move-only; used by one thread or token at a time. All members but valid(),
/// assignment and destruction need a token that is valid(), else they throw misuse.
///
/// Waiting in a token never blocks its core: the awaited token is run in place, or the waiting one is suspended.
/// Waiting in a thread spins shortly and then sleeps in the kernel. A wait inside a token that is to stop (kill,
/// timeout, hard stop) ends by an exception that is no std::exception; let it pass.
template <class T>
class [[nodiscard]] token {
 public:
  using value_type = T;

  token() noexcept = default;
  token(token&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  token& operator=(token&& other) noexcept {
    token(std::move(other)).swap(*this);
    return *this;
  }
  /// A token that was not asked is detached; but if the running token is being stopped, so is this one.
  ~token() {
    if (node_ != nullptr) detail::let_go(*node_);
  }

  void swap(token& other) noexcept { std::swap(node_, other.node_); }
  [[nodiscard]] bool valid() const noexcept { return node_ != nullptr; }

  /// Waits and moves the result out; the token is empty afterwards. Throws what the operation threw, or token_killed.
  T get() {
    detail::await(checked());
    return take();
  }

  /// The same, but gives up with wait_timed_out; then the token is as before and may be asked again.
  T get_for(std::chrono::nanoseconds patience) { return get_until(detail::deadline_after(patience)); }
  T get_until(std::chrono::steady_clock::time_point deadline) {
    if (!detail::await_until(checked(), deadline)) detail::throw_wait_timed_out(*node_);
    return take();
  }

  /// Waits until the token is terminal, however it ended. The timed ones return false when they gave up.
  void wait() const { detail::await(checked()); }
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds patience) const {
    return wait_until(detail::deadline_after(patience));
  }
  [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point deadline) const {
    return detail::await_until(checked(), deadline);
  }

  /// Lets go of the token: it runs on, nobody will ask for its result. A failure is counted and told to the handler of
  /// unobserved.h.
  void detach() {
    checked();
    std::exchange(node_, nullptr)->release(false);
  }

  /// Wants the token ended. One that is queued ends at once; one that runs is asked to stop, and so are the tokens it
  /// waits for, at every suspension point (waits, sleeps, files, permits), by an exception that is no std::exception.
  /// False: it had ended, or was asked before. After true it may still complete if it computes on. Any context; never
  /// blocks; takes a lock.
  bool kill(std::string_view reason = "killed") { return detail::kill(checked(), reason); }

  /// Where in its life the token is; a snapshot.
  [[nodiscard]] token_state state() const { return checked().state(); }
  /// The same with names and times.
  [[nodiscard]] token_status status() const { return detail::status_of(checked()); }
  /// Unique in the process, never 0.
  [[nodiscard]] std::uint64_t id() const { return checked().id(); }

 private:
  friend struct detail::token_access;
  explicit token(detail::result_node<T>* made) noexcept : node_(made) {}

  detail::result_node<T>& checked() const {
    if (node_ == nullptr) detail::throw_empty_token();
    return *node_;
  }

  T take() {
    const struct release_at_end {
      detail::result_node<T>* node;
      ~release_at_end() { node->release(true); }
    } owner{std::exchange(node_, nullptr)};
    const auto end = owner.node->state();
    if (end == token_state::failed) std::rethrow_exception(owner.node->failure());
    if (end != token_state::completed) detail::throw_ended(*owner.node);
    return owner.node->take();
  }

  detail::result_node<T>* node_ = nullptr;
};

namespace detail {
/// How the rest of the framework makes tokens and looks inside them.
struct token_access {
  template <class T>
  static token<T> make(result_node<T>& made) noexcept {
    return token<T>(&made);
  }
  template <class T>
  static result_node<T>& node_of(const token<T>& handle) {
    return handle.checked();
  }
  /// Null for an empty handle.
  template <class T>
  static const node* peek(const token<T>& handle) noexcept {
    return handle.node_;
  }
  /// The result of a terminal token; see token::get.
  template <class T>
  static T take(token<T>& handle) {
    return handle.take();
  }
};
}  // namespace detail

}  // namespace tokengate
