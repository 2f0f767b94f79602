// Who is told of every change in the life of tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <tokengate/core/node.h>
#include <tokengate/core/token_state.h>

namespace tokengate {

/// One step of one token.
struct state_change {
  static constexpr int no_core = -1;

  std::uint64_t token = 0;     ///< its id
  std::string_view operation;  ///< name, or "submit" for a callable without one
  token_state from = token_state::created, to = token_state::created;
  std::string_view reason;  ///< of what was killed or timed out, if one was given; lives for ever
  int core = no_core;       ///< index of the core whose thread made the change, or no_core for any other thread
};

namespace detail {
struct state_observer;
}  // namespace detail

/// An observer's place in the list: it is called until this object ends. Move-only; one thread at a time.
class [[nodiscard]] observation {
 public:
  observation() noexcept = default;
  explicit observation(std::shared_ptr<detail::state_observer> entry) noexcept : entry_(std::move(entry)) {}
  observation(observation&& other) noexcept = default;
  observation& operator=(observation&& other) noexcept {
    end();
    entry_ = std::move(other.entry_);
    return *this;
  }
  ~observation() { end(); }

  /// Once this has returned the observer is not being called and never will be; waits for calls that are under way,
  /// except when called by the observer itself. Does nothing the second time.
  void end() noexcept;
  /// How many of its calls ended by an exception, up to now or to end().
  [[nodiscard]] std::uint64_t failures() const noexcept;

 private:
  std::shared_ptr<detail::state_observer> entry_;
};

namespace detail {

/// Enters an observer of the tokens of one place (place.h).
observation observe(std::uint16_t realm, std::function<void(const state_change&)> call);
/// Ends all observations of a place that is about to go.
void end_observations(std::uint16_t realm) noexcept;

/// The observers of the token's place are told, if it is `watched`. By who makes the change, while the node is his.
inline void tell(const node& subject, token_state from, token_state to) noexcept {
  if (subject.watched) [[unlikely]]
    tell_watched(subject, from, to);
}

/// What is told of a token that may be gone once it has changed: taken from it before, told afterwards.
class farewell {
 public:
  /// Of a node that the caller knows to be the token.
  explicit farewell(const node& subject) noexcept;
  /// Of a node that was that token when the caller looked; whether it still was is known after the change.
  farewell(std::uint16_t realm, std::uint64_t id, std::uint32_t operation) noexcept;
  void tell(token_state from, token_state to, std::uint32_t reason) const noexcept;

 private:
  std::uint64_t id_;
  std::uint32_t operation_;
  std::uint16_t realm_;
  bool watched_;
};

}  // namespace detail
}  // namespace tokengate
