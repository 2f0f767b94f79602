#include <algorithm>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include <tokengate/core/magazine_depot.h>
#include <tokengate/core/node_arena.h>

namespace tokengate::detail {
namespace {

void* reserve(std::size_t bytes) noexcept {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

node_arena& node_arena::instance() {
  static auto* const forever = new node_arena;
  return *forever;
}

// Half of what can be had down to 16 MB: a limit on address space (ulimit -v) leaves room for others.
node_arena::node_arena() {
  for (std::size_t bytes = std::size_t{256} << 30; bytes >= std::size_t{16} << 20; bytes /= 2) {
    base_ = static_cast<std::byte*>(reserve(bytes));
    if (base_ == nullptr) continue;
    ::madvise(base_, bytes, MADV_DONTDUMP);  // a debugger would write the whole range into a core file
    limit_ = static_cast<std::uint32_t>(bytes / slab_size);
    slabs_ = static_cast<slab*>(reserve(limit_ * sizeof(slab)));
    if (slabs_ != nullptr) return;
    ::munmap(base_, bytes);
    base_ = nullptr;
  }
  limit_ = 0;
}

std::uint32_t node_arena::new_slab(std::size_t index) {
  const std::scoped_lock lock(mutex_);
  std::uint32_t number = unused_;
  const bool is_new = number == none;
  if (is_new) {
    number = made_.load(std::memory_order_relaxed);
    if (number == limit_) throw std::bad_alloc();
    ::madvise(start_of(number), slab_size, MADV_DODUMP);
  } else {
    unused_ = slabs_[number].next;
  }
  slab& made = slabs_[number];
  unpoison(start_of(number), slab_size);  // blocks of another size may have been here
  made.head = nullptr;
  made.free = made.carved = 0;
  made.next = none;
  made.listed = true;
  made.idle = false;
  // Only now, under the lock of its class, is it one that for_each() of that class looks into.
  made.index = static_cast<std::uint8_t>(index);
  if (is_new) made_.store(number + 1, std::memory_order_release);
  return number;
}

thread_cache::block* node_arena::take(std::size_t index, std::uint32_t& count) {
  size_class& kind = classes_[index];
  const std::size_t size = (index + 1) * thread_cache::granule;
  const std::scoped_lock lock(kind.mutex);
  if (kind.available == none) kind.available = new_slab(index);
  const auto number = kind.available;
  slab& from = slabs_[number];
  from.idle = false;
  thread_cache::block* chain = nullptr;
  if (from.free != 0) {
    chain = from.head;
    count = std::min(from.free, thread_cache::batch);
    thread_cache::block* last = chain;
    for (std::uint32_t i = 1; i < count; ++i) {
      // Each link is read from memory that may be in no cache, and mostly leads as far as the one before did.
      constexpr std::intptr_t ahead = 16;
      const auto here = reinterpret_cast<std::intptr_t>(last);
      const auto next = reinterpret_cast<std::intptr_t>(static_cast<thread_cache::block*>(last->next));
      __builtin_prefetch(reinterpret_cast<const void*>(next + ahead * (next - here)), 1);
      last = last->next;
    }
    from.head = last->next;
    last->next = nullptr;
    from.free -= count;
  } else {
    count = std::min(blocks_in(index) - from.carved, thread_cache::batch);
    for (std::uint32_t i = count; i-- > 0;) {
      auto* const block = reinterpret_cast<thread_cache::block*>(start_of(number) + (from.carved + i) * size);
      block->next = chain;
      chain = block;
    }
    from.carved += count;
  }
  if (from.free == 0 && from.carved == blocks_in(index)) {
    kind.available = from.next;
    from.listed = false;
  }
  return chain;
}

void node_arena::give(std::size_t index, thread_cache::block* chain) noexcept {
  size_class& kind = classes_[index];
  const std::scoped_lock lock(kind.mutex);
  while (chain != nullptr) {
    thread_cache::block* const next = chain->next;
    const auto number =
        static_cast<std::uint32_t>(static_cast<std::size_t>(reinterpret_cast<std::byte*>(chain) - base_) / slab_size);
    slab& home = slabs_[number];
    chain->next = home.head;
    home.head = chain;
    ++home.free;
    if (!home.listed) {
      home.listed = true;
      home.next = kind.available;
      kind.available = number;
    }
    chain = next;
  }
}

std::size_t node_arena::release_idle() noexcept {
  magazine_depot::instance().release_idle();
  std::size_t released = 0;
  for (std::size_t index = 0; index < thread_cache::classes; ++index) {
    size_class& kind = classes_[index];
    std::uint32_t empty = none;
    {
      const std::scoped_lock lock(kind.mutex);
      std::uint32_t* link = &kind.available;  // an empty slab is always listed
      while (*link != none) {
        const auto number = *link;
        slab& each = slabs_[number];
        if (each.free != each.carved) {
          link = &each.next;
        } else if (!each.idle) {
          each.idle = true;
          link = &each.next;
        } else {
          *link = each.next;
          each.index = nobodys;
          each.carved = each.free = 0;
          each.head = nullptr;
          each.next = empty;
          empty = number;
        }
      }
    }
    // The slabs are in no list now. The system takes its time, which must not be that of who makes tokens meanwhile.
    while (empty != none) {
      const auto number = empty;
      slab& each = slabs_[number];
      empty = each.next;
      unpoison(start_of(number), slab_size);
      // Locked memory is not given back. What is carved from it next must not seem to be somebody's all the same.
      if (::madvise(start_of(number), slab_size, MADV_DONTNEED) != 0) std::memset(start_of(number), 0, slab_size);
      released += slab_size;
      const std::scoped_lock lock(mutex_);
      each.next = unused_;
      unused_ = number;
    }
  }
  return released;
}

void node_arena::for_each(void (*look)(void*, void*), void* context) {
  const auto made = made_.load(std::memory_order_acquire);
  for (std::size_t index = 0; index < thread_cache::classes; ++index) {
    const std::size_t size = (index + 1) * thread_cache::granule;
    const std::scoped_lock lock(classes_[index].mutex);
    for (std::uint32_t number = 0; number < made; ++number) {
      const slab& each = slabs_[number];
      if (each.index != index) continue;
      for (std::uint32_t i = 0; i < each.carved; ++i) look(start_of(number) + i * size, context);
    }
  }
  const std::scoped_lock lock(large_mutex_);
  for (large_header* each = large_.after; each != &large_; each = each->after) look(each + 1, context);
}

void* node_arena::allocate_large(std::size_t size, std::size_t alignment) {
  const std::size_t before = std::max(alignment, (sizeof(large_header) + alignment - 1) / alignment * alignment);
  void* const memory = ::operator new(before + size, std::align_val_t{alignment});
  auto* const node = static_cast<std::byte*>(memory) + before;
  auto* const header = reinterpret_cast<large_header*>(node) - 1;
  *reinterpret_cast<std::uint64_t*>(node) = 0;  // no token yet
  const std::scoped_lock lock(large_mutex_);
  new (header) large_header{large_.before, &large_, memory, alignment, 1};
  header->before->after = header->after->before = header;
  return node;
}

void node_arena::hold_large(void* node) noexcept { ++(static_cast<large_header*>(node) - 1)->holds; }

void node_arena::deallocate_large(void* node) noexcept {
  auto* const header = static_cast<large_header*>(node) - 1;
  {
    const std::scoped_lock lock(large_mutex_);
    if (--header->holds != 0) return;
    header->before->after = header->after;
    header->after->before = header->before;
  }
  ::operator delete(header->memory, std::align_val_t{header->alignment});
}

}  // namespace tokengate::detail
