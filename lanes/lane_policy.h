// What a class must offer to be a lane, written as concepts, and what else is asked of it.
//
// A policy is a plain class. One object of it serves one core; what the cores share belongs to its router.
//
//   class express {
//    public:
//     using router = lanes::by_weight;
//     express(const lanes::lane_setup& setup, router& routes, unsigned core);
//     bool offer(lanes::node& token, unsigned slot, bool on_credit) noexcept;
//     lanes::node* take() noexcept;
//     lanes::node* give() noexcept;                             // may be absent
//     void ran(weight what, std::uint64_t ticks) noexcept;      // may be absent
//     void set_active(unsigned workers) noexcept;               // may be absent
//     std::span<lanes::gated_mailbox> queues() noexcept;
//   };
//
//   call        | by                      | asked of it
//   ------------|-------------------------|-------------------------------------------------------------------------
//   constructor | start(), core by core   | may allocate and throw; the router was made before and goes after
//   route       | any threads, several at | names a core below setup.cores; hot: no lock, no allocation, no line that
//               | once                    | several threads write unless the rule cannot do without
//   offer       | any threads, several at | keeps the token, in one of queues(), or returns false and has not kept it.
//               | once                    | Hot: no lock while there is room. Never drops a token, runs it, waits or
//               |                         | blocks longer than a gate's lock; with on_credit never returns false
//   take        | the core's thread       | hands out an admitted token, or null. Hot: called once per token, also when
//               |                         | the core has nothing to do. Never blocks, suspends or allocates. While it
//               |                         | has tokens it must not return null for ever: they would never run
//   give        | other cores' threads,   | as take, but only tokens that any core may run; without it, idle cores take
//               | several at once         | nothing from this lane
//   ran         | the core's thread       | learns what one token of this weight cost; of a sample
//   set_active  | any thread              | learns how many workers its core may keep busy
//   queues      | any thread, at any time | always the same ones: through them everything else is asked (how many wait,
//               |                         | pause, drain)
//
// A policy that gives may say how many tokens a thief may take in one go: static constexpr std::size_t gives_at_once.
// Without it, one.
//
// Every function but the constructors is noexcept. A token that was offered leaves the lane by take(), give() or a
// drain of its queues, exactly once; a token killed meanwhile is handed out like any other. Nothing is promised about
// the order but what the policy itself promises.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

#include <tokengate/core/tags.h>
#include <tokengate/lanes/lane.h>

namespace tokengate::lanes {

/// A queue that a lane is made of, such as gated_mailbox; its members mean what those of lanes::lane mean.
template <class Queue>
concept lane_queue = requires(Queue& queue, const Queue& seen, lane::token_filter wanted, lane::token_sink each) {
  { seen.empty() } noexcept -> std::same_as<bool>;
  { seen.waiting() } noexcept -> std::same_as<std::size_t>;
  { seen.admitted() } noexcept -> std::same_as<std::size_t>;
  { seen.accepted() } noexcept -> std::same_as<std::uint64_t>;
  { queue.close() } noexcept;
  { queue.open() } noexcept;
  { queue.drain(wanted, each, static_cast<void*>(nullptr)) } noexcept -> std::same_as<std::size_t>;
};

/// What can be wrong with a policy; a set of bits. Codes, sentences and remedies stand in lane_macro.h.
enum lane_mistake : unsigned {
  no_router = 1u << 0,
  no_constructor = 1u << 1,
  no_offer = 1u << 2,
  no_take = 1u << 3,
  no_queues = 1u << 4,
  misshapen_give = 1u << 5,
  misshapen_ran = 1u << 6,
  misshapen_set_active = 1u << 7,
  may_throw = 1u << 8,
};

namespace policy_detail {

template <class Router>
concept lane_router =
    std::constructible_from<Router, const lane_setup&> && requires(Router& routes, const node& token) {
      { routes.route(token) } -> std::same_as<destination>;
    };

template <class Policy>
concept has_router = requires { requires lane_router<typename Policy::router>; };

template <class Policy>
concept has_constructor =
    requires { requires std::constructible_from<Policy, const lane_setup&, typename Policy::router&, unsigned>; };

template <class Policy>
concept has_offer = requires(Policy& policy, node& token) {
  { policy.offer(token, 0u, true) } -> std::same_as<bool>;
};
template <class Policy>
concept has_take = requires(Policy& policy) {
  { policy.take() } -> std::same_as<node*>;
};
template <class Policy>
concept has_queues = requires(Policy& policy) {
  { policy.queues() } -> std::ranges::forward_range;
  requires lane_queue<std::remove_cvref_t<decltype(*std::ranges::begin(policy.queues()))>>;
};
template <class Policy>
concept has_give = requires(Policy& policy) {
  { policy.give() } -> std::same_as<node*>;
};
template <class Policy>
concept has_ran = requires(Policy& policy, weight what, std::uint64_t ticks) {
  { policy.ran(what, ticks) } -> std::same_as<void>;
};
template <class Policy>
concept has_set_active = requires(Policy& policy, unsigned workers) {
  { policy.set_active(workers) } -> std::same_as<void>;
};

// Something of that name is there, so its absence was not meant.
template <class Policy>
concept names_give = requires { &Policy::give; };
template <class Policy>
concept names_ran = requires { &Policy::ran; };
template <class Policy>
concept names_set_active = requires { &Policy::set_active; };

/// Of what is there and has the right shape.
template <class Policy>
consteval bool some_may_throw() {
  bool found = false;
  if constexpr (has_router<Policy>)
    found |= !noexcept(std::declval<typename Policy::router&>().route(std::declval<const node&>()));
  if constexpr (has_offer<Policy>) found |= !noexcept(std::declval<Policy&>().offer(std::declval<node&>(), 0u, true));
  if constexpr (has_take<Policy>) found |= !noexcept(std::declval<Policy&>().take());
  if constexpr (has_queues<Policy>) found |= !noexcept(std::declval<Policy&>().queues());
  if constexpr (has_give<Policy>) found |= !noexcept(std::declval<Policy&>().give());
  if constexpr (has_ran<Policy>) found |= !noexcept(std::declval<Policy&>().ran(weight::light, std::uint64_t{0}));
  if constexpr (has_set_active<Policy>) found |= !noexcept(std::declval<Policy&>().set_active(1u));
  return found;
}

template <class Policy>
consteval unsigned find_lane_mistakes() {
  unsigned found = 0;
  if (!has_router<Policy>) found |= no_router;
  if (has_router<Policy> && !has_constructor<Policy>) found |= no_constructor;  // else it would be said twice
  if (!has_offer<Policy>) found |= no_offer;
  if (!has_take<Policy>) found |= no_take;
  if (!has_queues<Policy>) found |= no_queues;
  if (names_give<Policy> && !has_give<Policy>) found |= misshapen_give;
  if (names_ran<Policy> && !has_ran<Policy>) found |= misshapen_ran;
  if (names_set_active<Policy> && !has_set_active<Policy>) found |= misshapen_set_active;
  if (some_may_throw<Policy>()) found |= may_throw;
  return found;
}

}  // namespace policy_detail

template <class Policy>
inline constexpr unsigned lane_mistakes = policy_detail::find_lane_mistakes<Policy>();

/// The class can serve as a lane.
template <class Policy>
concept lane_policy = lane_mistakes<Policy> == 0;

}  // namespace tokengate::lanes
