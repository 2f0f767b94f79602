// Where node memory comes from and goes back to: slabs in one reserved range of addresses, given back to the system
// when they stay empty.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <tokengate/core/node_pool.h>
#include <tokengate/core/shared_field.h>

namespace tokengate::detail {

/// One for the process, for ever: a token may outlive every coordinator and thread. All members may be called by any
/// thread; each takes a short lock.
///
/// Addresses are reserved once and never given to anything else, so that a node that is gone can still be looked at
/// (its memory then reads as another node, or as zeros). Blocks go back to the free list of their own slab, hence an
/// empty slab is known at once.
class node_arena {
 public:
  static node_arena& instance();

  /// A chain of up to thread_cache::batch free blocks of a class. Throws std::bad_alloc.
  thread_cache::block* take(std::size_t index, std::uint32_t& count);
  /// Takes a chain back.
  void give(std::size_t index, thread_cache::block* chain) noexcept;

  /// Gives the memory of slabs back that were empty already when this was called before. Returns their bytes.
  std::size_t release_idle() noexcept;

  /// Calls `look(block, context)` for every block that was ever used in a slab that is kept, free ones too, under the
  /// lock of its class: `look` must neither make nor end tokens, nor call anything that might. Large nodes come under a
  /// lock of their own.
  void for_each(void (*look)(void* block, void* context), void* context);

  /// False for large nodes, whose memory goes back to the heap when they end and nobody holds it.
  [[nodiscard]] bool contains(const void* node) const noexcept {
    const auto* const at = static_cast<const std::byte*>(node);
    return at >= base_ && at < base_ + limit_ * slab_size;
  }

  /// Nodes beyond the classes: a list, so each of these is O(1) beside the heap.
  void* allocate_large(std::size_t size, std::size_t alignment);
  void deallocate_large(void* node) noexcept;
  /// Called by `look` only: the memory of this large node stays, as that of others always does, until a further call of
  /// deallocate_large().
  static void hold_large(void* node) noexcept;

 private:
  friend struct debugger_layout;

  static constexpr std::size_t slab_size = std::size_t{256} << 10;
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr std::uint8_t nobodys = 255;

  struct slab {
    thread_cache::block* head;
    std::uint32_t free, carved;        // blocks in the list; blocks that were ever given out
    std::uint32_t next;                // in the list of slabs of its class that have room, or of unused slabs
    shared_field<std::uint8_t> index;  // its class, or nobodys; that lock guards the other fields, and this from it on
    bool listed, idle;
  };
  struct size_class {
    std::mutex mutex;
    std::uint32_t available = none;
  };
  struct large_header {
    large_header *before, *after;
    void* memory;
    std::size_t alignment;
    std::size_t holds;  // the node's own, and those of hold_large(); guarded by large_mutex_
  };

  node_arena();
  std::uint32_t new_slab(std::size_t index);
  std::byte* start_of(std::uint32_t number) const noexcept { return base_ + std::size_t{number} * slab_size; }
  static std::uint32_t blocks_in(std::size_t index) noexcept {
    return static_cast<std::uint32_t>(slab_size / ((index + 1) * thread_cache::granule));
  }

  std::array<size_class, thread_cache::classes> classes_;
  std::mutex mutex_;  // what follows; taken inside that of a class
  std::byte* base_ = nullptr;
  slab* slabs_ = nullptr;  // one for each slab of the range, backed by memory as they come into use
  std::uint32_t limit_ = 0;
  std::atomic<std::uint32_t> made_{0};  // written under mutex_ (release), read by for_each and release_idle (acquire)
  std::uint32_t unused_ = none;
  std::mutex large_mutex_;
  large_header large_{&large_, &large_, nullptr, 0, 0};
};

}  // namespace tokengate::detail
