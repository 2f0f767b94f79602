// The face of a lane: what a core and its runtime ask of a queueing policy, and the list of those that are linked.
//
// Nobody implements these two classes by hand: a policy is a plain class (lane_policy.h), which lane_adapter.h puts
// behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>
#include <tokengate/lanes/gate_slots.h>

namespace tokengate::lanes {

/// A token as lanes see it: `tags.weight` is what they go by. Everything else about it is its core's business.
using detail::node;

/// What a policy is told when a coordinator starts. Outlives whatever is made from it.
struct lane_setup {
  unsigned cores;                ///< cores of the coordinator, at least 1; their indices are 0 .. cores - 1
  unsigned workers;              ///< of each core, at least 1
  std::size_t mailbox_capacity;  ///< tokens per mailbox; 0: as many as the policy thinks best
  gate_slots& slots;             ///< places at the gates, all lanes together
  bool repeatable = false;       ///< everything happens on one thread and must come out the same when it is done again:
                                 ///< nothing may depend on what happened before the setup
};

/// Where a token from outside goes: to which core, and what the lane there wants to know of the choice.
struct destination {
  unsigned core;
  unsigned slot;
};
/// The slot of a token that was sent to its core for other reasons than the policy's.
inline constexpr unsigned no_slot = ~0u;

/// The queues of one policy on one core.
class lane {
 public:
  lane() = default;
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;
  virtual ~lane() = default;

  /// Any thread. Takes the token in, as admitted or, while its mailbox is full, as waiting at the gate. False when
  /// mailbox and gate are full: then the token is in no queue and may be offered again. With `on_credit` the gate is
  /// never full.
  virtual bool offer(detail::node& token, unsigned slot, bool on_credit) noexcept = 0;

  /// The core's thread: the next admitted token with its queue share, or null. Never blocks or suspends.
  virtual detail::node* take() noexcept = 0;
  /// A thief's thread: a token that may run on another core as well, or null. Always null if the policy does not give.
  virtual detail::node* give() noexcept = 0;
  /// Of how many tokens a thief may take at once, by calling give() as often, and keep before what its own lanes get.
  [[nodiscard]] virtual std::size_t gives_at_once() const noexcept = 0;

  /// Snapshots from any thread. `empty` and `has_loot` are about what take() and give() would find, not about what
  /// waits behind a closed gate.
  [[nodiscard]] virtual bool empty() const noexcept = 0;
  [[nodiscard]] virtual bool has_loot() const noexcept = 0;
  [[nodiscard]] virtual std::size_t waiting() const noexcept = 0;
  [[nodiscard]] virtual std::size_t admitted() const noexcept = 0;
  /// How many tokens were ever taken in; at times too high by some that are moving from gate to mailbox.
  [[nodiscard]] virtual std::uint64_t accepted() const noexcept = 0;

  /// The core's thread: one token of this weight, taken from here, has kept the core busy for so many ticks. Told of
  /// some tokens only (all weights get their turn), so a policy that counts time multiplies by what it has handed out.
  virtual void ran(weight what, std::uint64_t ticks) noexcept = 0;
  /// Any thread: the core may keep so many of its workers busy from now on; at times more than lane_setup::workers.
  virtual void set_active(unsigned workers) noexcept = 0;

  /// Any thread. While closed, what is offered waits at the gate and nothing moves from gate to mailbox; what is
  /// admitted stays to be taken. open() keeps the order of arrival.
  virtual void close() noexcept = 0;
  virtual void open() noexcept = 0;

  using token_filter = bool (*)(const detail::node& token, void* context);
  using token_sink = void (*)(detail::node& token, void* context);
  /// Any thread. Takes out of the gate every token that `wanted` says yes to, and hands it, still `waiting` and with
  /// its queue share, to `each`. Returns how many. `wanted` is called under the gate's lock, `each` is not.
  virtual std::size_t drain(token_filter wanted, token_sink each, void* context) noexcept = 0;
};

/// One policy in one running coordinator.
class lane_variant {
 public:
  lane_variant() = default;
  lane_variant(const lane_variant&) = delete;
  lane_variant& operator=(const lane_variant&) = delete;
  virtual ~lane_variant() = default;

  /// Called once per core. The lane must go before the variant does.
  virtual std::unique_ptr<lane> make_lane(unsigned core) = 0;
  /// Idle cores may take from its lanes; always the same answer.
  [[nodiscard]] virtual bool gives() const noexcept = 0;
  /// Any thread: where a token from outside shall be offered.
  virtual destination route(const detail::node& token) noexcept = 0;
};

/// A policy that is linked into the program. Bazel generates the list (rules.bzl: tokengate_lane_set).
struct lane_factory {
  std::string_view name;
  std::unique_ptr<lane_variant> (*make)(const lane_setup& setup);
};

/// All policies of this program, at least one. A token that names its lane carries the place in this list + 1.
std::span<const lane_factory> linked_lanes() noexcept;
/// The place of the one that tokens without a name take, unless options::lane says otherwise.
std::size_t default_lane() noexcept;

}  // namespace tokengate::lanes
