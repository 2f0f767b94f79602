// A token in the queue of its storage tier.
#pragma once

#include <cstdint>

#include <tokengate/core/node.h>
#include <tokengate/io/storage_tiers.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

/// The token stays admitted and claimable while it waits; its queue share belongs to this request.
struct permit_wait : io::permit_request {
  detail::node* token = nullptr;
  core* home = nullptr;
  permit_wait* next_granted = nullptr;
  permit_wait *next = nullptr, **link = nullptr;  ///< in the list of its core

  void enter(permit_wait*& list) noexcept {
    next = list;
    link = &list;
    if (next != nullptr) next->link = &next;
    list = this;
  }
  void leave() noexcept {
    *link = next;
    if (next != nullptr) next->link = link;
  }
  std::uint64_t since = 0;  ///< ticks
};

inline io::storage_tier& tier_of(runtime& shared, const detail::node& token) noexcept {
  return shared.tiers.tier(static_cast<storage_speed>(token.tags.storage));
}

}  // namespace tokengate::lanes
