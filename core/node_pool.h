// Memory for token nodes: magazines of free blocks per thread (so per core), exchanged with a depot when full or empty.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tokengate/core/magazine_depot.h>
#include <tokengate/core/poison.h>
#include <tokengate/core/prefetch.h>
#include <tokengate/core/shared_field.h>

namespace tokengate::detail {

/// What a thread keeps for making tokens without asking anybody: free node memory, token ids, a sampling counter.
///
/// The scheme is Bonwick's magazines: a thread works on its own two and exchanges whole ones with the depot
/// (magazine_depot.h) under a lock, at most once in `batch` operations, so that nodes made on one thread and ended on
/// another find their way back. The first eight bytes of a block keep what its last owner left there; where blocks are
/// linked (in the arena) the link comes after them. AddressSanitizer reports who uses a
/// node that is in the pool (poison.h).
class thread_cache {
 public:
  static constexpr std::size_t granule = 64;  ///< one cache line; node sizes are rounded up to it
  static constexpr std::size_t classes = 8;   ///< up to 512 bytes are pooled, larger nodes come from the heap
  static constexpr std::uint32_t batch = 64;

  struct block;
  /// Lies where a node has the word for requests, which somebody may still compare with, and exchange, who looks for a
  /// token that is gone. So it is written as one, and with all bits turned: no token has an id that begins with ones.
  class link {
   public:
    link& operator=(block* to) noexcept {  // NOLINT: nothing else is assigned
      turned_ = ~reinterpret_cast<std::uint64_t>(to);
      return *this;
    }
    operator block*() const noexcept { return reinterpret_cast<block*>(~std::uint64_t{turned_}); }  // NOLINT: like one

   private:
    shared_field<std::uint64_t> turned_;
  };
  struct block {
    std::uint64_t kept;
    link next;
  };

  [[nodiscard]] static thread_cache& local() noexcept { return local_; }

  /// Aligned to `granule` when pooled, else to the default. O(1); throws std::bad_alloc, then nothing has changed.
  [[nodiscard]] void* allocate(std::size_t size) {
    const std::size_t index = (size - 1) / granule;
    if (index >= classes) return allocate_large(size, granule);
    rack& own = racks_[index];
    if (own.count == 0) [[unlikely]] {
      if (flushed_) return allocate_late(index, size);
      refill(index);
    }
    void* const* const last = own.blocks + --own.count;
    prefetch_to_write(*(last - magazine::ahead));  // another core may have freed it
    unpoison(*last, size);
    return *last;
  }

  /// `size` as given to allocate(); any thread may free what any other allocated. O(1).
  void deallocate(void* memory, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / granule;
    if (index >= classes) return deallocate_large(memory);
    poison(memory, (index + 1) * granule);
    rack& own = racks_[index];
    if (own.count == own.room) [[unlikely]]
      return deallocate_slowly(memory, index);
    own.blocks[own.count++] = memory;
  }

  /// Gives all free memory to the others. For a thread that will make no tokens for a while: each block keeps its whole
  /// slab from the system.
  void flush() noexcept;

  /// For nodes beyond the classes, or aligned to more than `granule`: from the heap, with a lock.
  static void* allocate_large(std::size_t size, std::size_t alignment);
  static void deallocate_large(void* memory) noexcept;

  /// Unique in the process, never 0, ascending within a thread.
  [[nodiscard]] std::uint64_t next_id() noexcept {
    if (next_id_ == last_id_) [[unlikely]]
      take_ids();
    return ++next_id_;
  }

  /// True once in `interval` calls (a power of two): which tokens get their times taken.
  [[nodiscard]] bool sample(std::uint32_t interval) noexcept { return (++tick_ & (interval - 1)) == 0; }

 private:
  /// Two magazines of a class: the one in use, and a spare one that is either full or empty.
  struct rack {
    void** blocks = nullptr;  // of `used`
    std::uint32_t count = 0, room = 0;
    magazine* used = nullptr;
    magazine* spare = nullptr;
    bool spare_is_full = false;
  };

  void flush_at_thread_exit() noexcept;
  void set_up(std::size_t index);
  void refill(std::size_t index);
  static void* allocate_late(std::size_t index, std::size_t size);
  void deallocate_slowly(void* memory, std::size_t index) noexcept;
  void take_ids() noexcept;

  rack racks_[classes];
  std::uint64_t next_id_ = 0, last_id_ = 0;
  std::uint32_t tick_ = 0;
  bool flushes_at_exit_ = false, flushed_ = false;  // for good

  // Constant-initialised and trivially destroyed, so that an access is a plain thread-relative load.
  static constinit thread_local thread_cache local_;
};

inline constinit thread_local thread_cache thread_cache::local_{};

}  // namespace tokengate::detail
