// The lane that serves light tokens before medium before heavy ones, with an ageing rule against starvation.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>
#include <tokengate/lanes/by_weight.h>
#include <tokengate/lanes/gated_mailbox.h>
#include <tokengate/lanes/lane.h>
#include <tokengate/plugins/lanes/priority/seniority.h>

namespace tokengate::lanes {

/// A mailbox per weight. What the core takes and what idle cores take away is counted apart, each by the same rule.
/// docs/lanes.md says it for users.
class priority {
 public:
  using router = by_weight;
  static constexpr std::size_t default_capacity = 1024;

  priority(const lane_setup& setup, router&, unsigned)
      : queues_{{{capacity(setup), setup.slots}, {capacity(setup), setup.slots}, {capacity(setup), setup.slots}}} {}

  bool offer(detail::node& token, unsigned, bool on_credit) noexcept {
    return queues_[static_cast<std::size_t>(token.tags.weight)].offer(token, on_credit);
  }
  detail::node* take() noexcept { return next(for_core_); }
  detail::node* give() noexcept { return next(for_thieves_); }
  std::span<gated_mailbox> queues() noexcept { return queues_; }

 private:
  static std::size_t capacity(const lane_setup& setup) noexcept {
    return setup.mailbox_capacity != 0 ? setup.mailbox_capacity : default_capacity;
  }
  detail::node* next(seniority& order) noexcept {
    return order.next([this](weight what) { return queues_[static_cast<std::size_t>(what)].take(); },
                      [this](weight what) { return queues_[static_cast<std::size_t>(what)].empty(); });
  }

  std::array<gated_mailbox, 3> queues_;
  seniority for_core_;
  seniority for_thieves_;
};

}  // namespace tokengate::lanes
