// The lane that is the default: every weight gets its share of a core, and idle cores take what waits elsewhere.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>
#include <tokengate/lanes/by_weight.h>
#include <tokengate/lanes/deficit_round.h>
#include <tokengate/lanes/gated_mailbox.h>
#include <tokengate/lanes/lane.h>

namespace tokengate::lanes {

/// A mailbox per weight, so that no weight blocks another one, and deficit round robin between them. docs/lanes.md says
/// it for users.
class balanced {
 public:
  using router = by_weight;
  static constexpr std::size_t default_capacity = 1024;

  balanced(const lane_setup& setup, router&, unsigned, weight_shares shares = {})
      : queues_{{{capacity(setup), setup.slots}, {capacity(setup), setup.slots}, {capacity(setup), setup.slots}}},
        turns_(shares) {}

  bool offer(detail::node& token, unsigned, bool on_credit) noexcept {
    return of(token.tags.weight).offer(token, on_credit);
  }
  detail::node* take() noexcept {
    return turns_.next([this](weight what) { return of(what).take(); },
                       [this](weight what) { return of(what).empty(); });
  }
  /// Thief and owner go for the same end of a queue seldom then, and a light token on the thief still waits for no
  /// second heavy one, since core::give_to_thief() ends with the first.
  static constexpr std::size_t gives_at_once = 8;
  /// The weights in turn: an idle core has time for any of them.
  detail::node* give() noexcept {
    // Relaxed, and no read-modify-write: two thieves that begin with the same weight do no harm.
    const unsigned first = given_.load(std::memory_order_relaxed);
    given_.store(first + 1, std::memory_order_relaxed);
    for (unsigned i = 0; i < queues_.size(); ++i)
      if (detail::node* const token = queues_[(first + i) % queues_.size()].take()) return token;
    return nullptr;
  }
  void ran(weight what, std::uint64_t ticks) noexcept { turns_.note(what, ticks); }
  std::span<gated_mailbox> queues() noexcept { return queues_; }

 private:
  static std::size_t capacity(const lane_setup& setup) noexcept {
    return setup.mailbox_capacity != 0 ? setup.mailbox_capacity : default_capacity;
  }
  gated_mailbox& of(weight what) noexcept { return queues_[static_cast<std::size_t>(what)]; }

  std::array<gated_mailbox, 3> queues_;
  deficit_round turns_;
  std::atomic<unsigned> given_{0};
};

}  // namespace tokengate::lanes
