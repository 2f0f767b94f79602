#include <atomic>
#include <new>
#include <utility>

#include <tokengate/core/node_arena.h>
#include <tokengate/core/node_pool.h>

namespace tokengate::detail {

/// Has the thread give its nodes to the others when it ends. What is freed even later (by destructors of other
/// thread-locals) goes straight to the arena.
void thread_cache::flush_at_thread_exit() noexcept {
  flushes_at_exit_ = true;
  struct flusher {
    ~flusher() {
      local().flush();
      local().flushed_ = true;
    }
  };
  static thread_local const flusher at_exit;
  static_cast<void>(&at_exit);  // a mention, so that it is constructed
}

/// Two empty magazines. Throws bad_alloc; then there are none.
void thread_cache::set_up(std::size_t index) {
  if (!flushes_at_exit_) flush_at_thread_exit();
  auto& depot = magazine_depot::instance();
  rack& own = racks_[index];
  if (own.used == nullptr) own.used = depot.take_empty(index);
  if (own.spare == nullptr) own.spare = depot.take_empty(index);
  if (own.used == nullptr || own.spare == nullptr) throw std::bad_alloc();
  own.spare_is_full = false;
  own.blocks = own.used->blocks;
  own.count = 0;
  own.room = magazine::size;
}

void thread_cache::refill(std::size_t index) {
  rack& own = racks_[index];
  if (own.room == 0) set_up(index);
  if (own.spare_is_full) {
    std::swap(own.used, own.spare);
    own.spare_is_full = false;
    own.count = magazine::size;
  } else {
    magazine_depot::instance().refill(index, own.used, own.count);
  }
  own.blocks = own.used->blocks;
  for (std::size_t i = 1; i < magazine::ahead; ++i) prefetch_to_write(own.blocks[own.count > i ? own.count - i : 0]);
}

/// For destructors of other thread-locals, when the thread has given everything away: nothing may be kept any more.
void* thread_cache::allocate_late(std::size_t index, std::size_t size) {
  std::uint32_t count = 0;
  block* const taken = node_arena::instance().take(index, count);
  if (taken->next != nullptr) node_arena::instance().give(index, taken->next);
  unpoison(taken, size);
  return taken;
}

void thread_cache::deallocate_slowly(void* memory, std::size_t index) noexcept {
  rack& own = racks_[index];
  try {
    if (flushed_) return magazine_depot::give(index, &memory, 1);
    if (own.room == 0) {
      set_up(index);
    } else {
      if (own.spare_is_full) magazine_depot::instance().exchange_full(index, own.spare);
      std::swap(own.used, own.spare);
      own.spare_is_full = true;
      own.blocks = own.used->blocks;
      own.count = 0;
    }
    own.blocks[own.count++] = memory;
  } catch (const std::bad_alloc&) {
    magazine_depot::give(index, &memory, 1);
  }
}

void thread_cache::flush() noexcept {
  auto& depot = magazine_depot::instance();
  for (std::size_t index = 0; index < classes; ++index) {
    rack& own = racks_[index];
    if (own.used != nullptr) {
      magazine_depot::give(index, own.blocks, own.count);
      depot.give_empty(index, *own.used);
    }
    if (own.spare != nullptr) {
      if (own.spare_is_full) magazine_depot::give(index, own.spare->blocks, magazine::size);
      depot.give_empty(index, *own.spare);
    }
    own = {};
  }
}

void thread_cache::take_ids() noexcept {
  static std::atomic<std::uint64_t> given{0};
  constexpr std::uint64_t block_of_ids = 4096;
  // Relaxed: only the uniqueness of the block matters.
  next_id_ = given.fetch_add(block_of_ids, std::memory_order_relaxed);
  last_id_ = next_id_ + block_of_ids;
}

void* thread_cache::allocate_large(std::size_t size, std::size_t alignment) {
  return node_arena::instance().allocate_large(size, alignment);
}

void thread_cache::deallocate_large(void* memory) noexcept { node_arena::instance().deallocate_large(memory); }

}  // namespace tokengate::detail
