// A token in the queue of its storage tier.
#pragma once

#include <cstdint>
#include <new>

#include <tokengate/core/node.h>
#include <tokengate/core/node_pool.h>
#include <tokengate/io/storage_tiers.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

/// The token stays admitted and claimable while it waits; its queue share belongs to this request.
struct permit_wait : io::permit_request {
  detail::node* token = nullptr;
  core* home = nullptr;
  permit_wait* next_granted = nullptr;
  std::uint64_t since = 0;  ///< ticks

  static void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
      return detail::thread_cache::local().allocate(size);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  static void operator delete(void* memory, std::size_t size) noexcept {
    detail::thread_cache::local().deallocate(memory, size);
  }
};

inline io::storage_tier& tier_of(runtime& shared, const detail::node& token) noexcept {
  return shared.tiers.tier(static_cast<storage_speed>(token.tags.storage));
}

}  // namespace tokengate::lanes
