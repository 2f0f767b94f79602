#include <atomic>
#include <new>

#include <tokengate/core/node_arena.h>
#include <tokengate/core/node_pool.h>

namespace tokengate::detail {

/// Has the thread give its nodes to the others when it ends. What is freed even later (by destructors of other
/// thread-locals) stays with the ended thread.
void thread_cache::flush_at_thread_exit() noexcept {
  flushes_at_exit_ = true;
  struct flusher {
    ~flusher() { local().flush(); }
  };
  static thread_local const flusher at_exit;
  static_cast<void>(&at_exit);  // a mention, so that it is constructed
}

void thread_cache::refill(std::size_t index) {
  if (!flushes_at_exit_) flush_at_thread_exit();
  free_list& list = lists_[index];
  list.head = node_arena::instance().take(index, list.count);
}

/// The older half goes: what was freed last is warm.
void thread_cache::spill(std::size_t index) noexcept {
  free_list& list = lists_[index];
  block* last = list.head;
  for (std::uint32_t i = 1; i < batch; ++i) last = last->next;
  block* const rest = last->next;
  last->next = nullptr;
  list.count = batch;
  node_arena::instance().give(index, rest);
}

void thread_cache::flush() noexcept {
  for (std::size_t index = 0; index < classes; ++index) {
    free_list& list = lists_[index];
    if (list.head != nullptr) node_arena::instance().give(index, list.head);
    list = {};
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
