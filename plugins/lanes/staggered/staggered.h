// The lane of the origins: fixed cores per weight, staggered positions, a mailbox per worker, no stealing.
#pragma once

#include <cstddef>
#include <span>

#include <tokengate/core/node.h>
#include <tokengate/lanes/lane.h>
#include <tokengate/plugins/lanes/staggered/positions.h>
#include <tokengate/plugins/lanes/staggered/worker_mailboxes.h>

namespace tokengate::lanes {

/// Strict: a token runs on the core that its position names, and idle cores stay idle. docs/lanes.md says it for users.
class staggered {
 public:
  using router = positions;
  static constexpr std::size_t default_capacity = 45;  ///< of each worker's mailbox

  staggered(const lane_setup& setup, router& routes, unsigned core)
      : routes_(routes),
        core_(core),
        mailboxes_(setup.workers, setup.mailbox_capacity != 0 ? setup.mailbox_capacity : default_capacity,
                   setup.slots) {}

  /// Tokens that were sent here for other reasons, or to a worker that is not active now, go to the least loaded one.
  bool offer(detail::node& token, unsigned slot, bool on_credit) noexcept {
    const unsigned active = routes_.active(core_);
    return mailboxes_.offer(token, slot < active ? slot : mailboxes_.least_loaded(active), active, on_credit);
  }
  detail::node* take() noexcept { return mailboxes_.take(routes_.active(core_)); }
  void set_active(unsigned workers) noexcept { routes_.set_active(core_, workers); }
  std::span<worker_mailboxes, 1> queues() noexcept { return std::span<worker_mailboxes, 1>(&mailboxes_, 1); }

 private:
  router& routes_;
  const unsigned core_;
  worker_mailboxes mailboxes_;
};

}  // namespace tokengate::lanes
