#include <cstddef>
#include <mutex>

#include <tokengate/core/node_arena.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/lanes/debugger.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

// The types are no plain structs, yet both compilers lay them out like ones.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

tokengate::lanes::debugger_table tokengate_debugger;

namespace tokengate {

/// The one that may look at what is private.
struct detail::debugger_layout {
  static void fill(lanes::debugger_table& table) {
    using namespace lanes;
    const node_arena& arena = node_arena::instance();
    table.arena_base = address(arena.base_);
    table.arena_slabs = address(arena.slabs_);
    table.arena_made = address(arena.made_);
    table.arena_large = address(arena.large_);
    table.slab_size = node_arena::slab_size;
    table.granule = thread_cache::granule;
    table.slab_entry = sizeof(node_arena::slab);
    table.slab_carved = offsetof(node_arena::slab, carved);
    table.slab_index = offsetof(node_arena::slab, index);
    table.large_after = offsetof(node_arena::large_header, after);
    table.large_header = sizeof(node_arena::large_header);
    static_assert(offsetof(node, type) == poisoned_type);
    table.node_request = offsetof(node, request);
    table.node_creator = offsetof(node, creator);
    table.node_operation = offsetof(node, operation);
    table.frame_token = offsetof(host::frame, token);
    table.frame_outer = offsetof(host::frame, outer);
    table.worker_next = offsetof(core::worker, next);
    table.worker_top = offsetof(core::worker, top);
    table.worker_parked = offsetof(core::worker, parked);
    table.waiter_word = offsetof(waiter, word_);
    table.waiter_kind = offsetof(waiter, kind);
    table.waiter_awaited_count = offsetof(waiter, awaited_count);
    table.waiter_awaited = offsetof(waiter, awaited);
    table.waiter_timed = offsetof(waiter, timer_hook);
  }

  static lanes::debugger_core of(const lanes::core& one) {
    return {nullptr, one.index(), address(one.all_workers_), address(one.current_worker_), address(one.frame_)};
  }

  template <class Member>
  static std::uint64_t address(const Member& member) {
    return reinterpret_cast<std::uintptr_t>(&member);
  }
};

namespace lanes {
namespace {

std::mutex listing;

/// Names of operations that were enrolled by now; never freed, for a debugger may be about to look.
void publish_names() {
  const std::size_t count = operation_count() + 1;
  if (count == tokengate_debugger.operation_count) return;
  auto* const names = new debugger_name[count];
  for (std::size_t i = 0; i < count; ++i) names[i] = {operation_name(i).data(), operation_name(i).size()};
  tokengate_debugger.operations = names;
  tokengate_debugger.operation_count = count;
}

}  // namespace

debugger_listing::debugger_listing(const runtime& shown) {
  for (const auto& each : shown.cores) cores_.push_back(detail::debugger_layout::of(*each));
  const std::scoped_lock lock(listing);
  if (tokengate_debugger.granule == 0) detail::debugger_layout::fill(tokengate_debugger);
  publish_names();
  for (debugger_core& each : cores_) {
    each.next = tokengate_debugger.cores;
    tokengate_debugger.cores = &each;
  }
}

debugger_listing::~debugger_listing() {
  const std::scoped_lock lock(listing);
  for (debugger_core** link = &tokengate_debugger.cores; *link != nullptr;) {
    const bool ours = *link >= cores_.data() && *link < cores_.data() + cores_.size();
    if (ours)
      *link = (*link)->next;
    else
      link = &(*link)->next;
  }
}

}  // namespace lanes
}  // namespace tokengate
