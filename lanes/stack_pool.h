// The stacks of one core's fibers: cut from large slabs, guarded, handed out again while they are hot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/context/stack_context.hpp>
#include <boost/context/stack_traits.hpp>

#include <tokengate/lanes/stack_guard.h>

#if defined(__SANITIZE_ADDRESS__)
#define TOKENGATE_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TOKENGATE_ADDRESS_SANITIZER
#endif
#endif
#if defined(TOKENGATE_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#endif

namespace tokengate::lanes {

struct stack_options {
  // Bytes, the guard page below not counted: whole pages, 16 KiB to 1 GiB. Up to 960 of them are lost (see shift_of).
  std::size_t size = std::size_t{64} << 10;
  std::size_t keep = 256;  // free stacks that stay resident; beyond it the older half goes back to the kernel
  std::optional<stack_guard> guard = std::nullopt;  // none: best_stack_guard()
};

struct stack_statistics {
  std::size_t in_use = 0;
  std::size_t cached = 0;      // free and resident
  std::size_t slabs = 0;       // mapped, of 64 stacks each
  std::size_t unguarded = 0;   // stacks in those slabs that only have a canary
  std::size_t high_water = 0;  // bytes of the deepest stack so far, in whole pages
};

// Internal: 64 stacks in one mapping, each above its guard page.
struct stack_slab {
  std::byte* base;
  std::uint64_t cold;     // stacks that hold no memory, a bit each
  std::uint64_t trimmed;  // those whose memory is about to be given back; 0 outside of trim()
  stack_guard guard;
  guarded_range* range;
};

/// Belongs to one thread: every member, the destructor included, is called by the thread of the core whose fibers stand
/// on the stacks. Never blocks but for page faults and the system calls named below.
class stack_pool {
 public:
  /// Maps nothing yet. Throws misuse if an option is out of its range.
  explicit stack_pool(const stack_options& options = {});
  stack_pool(const stack_pool&) = delete;
  stack_pool& operator=(const stack_pool&) = delete;

  /// All stacks must have been given back.
  ~stack_pool();

  /// A stack, the one most recently given back if there is one: a few nanoseconds. Otherwise one that costs page
  /// faults, and every 64th time the mapping of a slab (some 40 us). Throws std::bad_alloc, changing nothing, if the
  /// kernel gives no memory.
  [[nodiscard]] boost::context::stack_context allocate();

  /// Takes back a stack of this pool that nothing stands on any more. A few nanoseconds, and system calls when more
  /// than `keep` are free. Ends the process with a message if a stack without guard page was overflowed.
  void deallocate(boost::context::stack_context& context) noexcept;

  /// Gives the memory of all free stacks but the `keep` hottest back to the kernel, slabs without a stack in use
  /// altogether. A system call or two a stack.
  void trim(std::size_t keep = 0) noexcept;

  /// Exact. Looks up which pages of the stacks are resident: some microseconds a slab.
  [[nodiscard]] stack_statistics statistics() noexcept;

 private:
  static constexpr std::size_t slab_stacks = 64;

  // Stacks lie whole pages apart, so their tops, the hot part, would compete for the same few sets of the caches: shift
  // each by up to 15 lines. With 1000 fibers in turn that takes a switch from 58 to 45 ns.
  [[nodiscard]] static std::size_t shift_of(const std::byte* stack) noexcept {
    return (reinterpret_cast<std::uintptr_t>(stack) / 4096 * 0x9E37'79B9'7F4A'7C15u >> 60) * 64;
  }
  [[nodiscard]] std::size_t stride() const noexcept { return page_ + size_; }
  [[nodiscard]] std::byte* take_cold();
  void map_slab();
  void unmap(const stack_slab& slab) noexcept;
  void release_trimmed(stack_slab& slab) noexcept;
  void measure(const stack_slab& slab) noexcept;
  [[nodiscard]] stack_slab& slab_of(const std::byte* stack) noexcept;
  void check_canary(const std::byte* stack) noexcept;

  std::vector<std::byte*> cached_;  // lowest usable byte of each; the hottest is last; never grows in deallocate()
  std::size_t in_use_ = 0;
  std::size_t keep_;
  std::size_t size_;
  std::size_t canary_slabs_ = 0;
  std::size_t page_;
  stack_guard guard_;
  std::vector<stack_slab> slabs_;  // by address
  std::size_t with_room_ = 0;      // no slab before this one has a cold stack
  std::size_t high_water_ = 0;
  std::vector<unsigned char> residency_;  // a byte for each page of a slab, for mincore
};

/// What Boost.Context and Boost.Fiber take as StackAllocator: draws from a pool that must outlive the fibers.
class stack_allocator {
 public:
  using traits_type = boost::context::stack_traits;

  explicit stack_allocator(stack_pool& pool) noexcept : pool_(&pool) {}

  [[nodiscard]] boost::context::stack_context allocate() { return pool_->allocate(); }
  void deallocate(boost::context::stack_context& context) noexcept { pool_->deallocate(context); }

 private:
  stack_pool* pool_;
};

inline boost::context::stack_context stack_pool::allocate() {
  std::byte* stack = nullptr;
  if (cached_.empty()) [[unlikely]] {
    stack = take_cold();
  } else {
    stack = cached_.back();
    cached_.pop_back();
  }
  ++in_use_;
#if defined(TOKENGATE_ADDRESS_SANITIZER)
  // A fiber never returns from its first frames: what it poisoned there is still poisoned.
  ASAN_UNPOISON_MEMORY_REGION(stack, size_);
#endif
  boost::context::stack_context context;
  context.size = size_ - shift_of(stack);
  context.sp = stack + context.size;
  return context;
}

inline void stack_pool::deallocate(boost::context::stack_context& context) noexcept {
  std::byte* const stack = static_cast<std::byte*>(context.sp) - context.size;
  if (canary_slabs_ != 0) [[unlikely]]
    check_canary(stack);
  --in_use_;
  cached_.push_back(stack);
  if (cached_.size() > keep_) [[unlikely]]
    trim(keep_ / 2);
}

}  // namespace tokengate::lanes
