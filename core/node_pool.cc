#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include <tokengate/core/node_pool.h>

namespace tokengate::detail {

/// The exchange between threads. Lives for the whole process: a token may outlive every coordinator and thread.
struct thread_cache::depot {
  static depot& instance() {
    static auto* const forever = new depot;
    return *forever;
  }

  struct free_slab {
    void operator()(std::byte* memory) const noexcept { ::operator delete(memory, std::align_val_t{granule}); }
  };
  using slab = std::unique_ptr<std::byte, free_slab>;

  std::mutex mutex;
  std::vector<free_list> chains[classes];  // of `batch` blocks each, or what an ended thread had left
  std::vector<slab> slabs;
};

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
  depot& exchange = depot::instance();
  const std::scoped_lock lock(exchange.mutex);
  free_list& list = lists_[index];
  if (auto& chains = exchange.chains[index]; !chains.empty()) {
    list = chains.back();
    chains.pop_back();
    return;
  }
  const std::size_t size = (index + 1) * granule;
  depot::slab slab(static_cast<std::byte*>(::operator new(size* batch, std::align_val_t{granule})));
  std::byte* const first = slab.get();
  exchange.slabs.push_back(std::move(slab));
  for (std::size_t i = batch; i-- > 0;) list.head = new (first + i * size) block{list.head};
  list.count = batch;
}

void thread_cache::spill(std::size_t index) noexcept {
  free_list& list = lists_[index];
  free_list chain{list.head, batch};
  block* last = chain.head;
  for (std::uint32_t i = 1; i < batch; ++i) last = last->next;
  block* const rest = last->next;
  last->next = nullptr;
  if (give(index, chain))
    list = {rest, list.count - batch};
  else
    last->next = rest;  // no memory to note the chain: keep it here, the next spill tries again
}

bool thread_cache::give(std::size_t index, free_list chain) noexcept {
  depot& exchange = depot::instance();
  const std::scoped_lock lock(exchange.mutex);
  try {
    exchange.chains[index].push_back(chain);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void thread_cache::flush() noexcept {
  for (std::size_t index = 0; index < classes; ++index)
    if (lists_[index].head != nullptr && give(index, lists_[index])) lists_[index] = {};
}

void thread_cache::take_ids() noexcept {
  static std::atomic<std::uint64_t> given{0};
  constexpr std::uint64_t block_of_ids = 4096;
  // Relaxed: only the uniqueness of the block matters.
  next_id_ = given.fetch_add(block_of_ids, std::memory_order_relaxed);
  last_id_ = next_id_ + block_of_ids;
}

void* thread_cache::allocate_large(std::size_t size) { return ::operator new(size, std::align_val_t{granule}); }

void thread_cache::deallocate_large(void* memory) noexcept { ::operator delete(memory, std::align_val_t{granule}); }

}  // namespace tokengate::detail
