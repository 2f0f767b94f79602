#include <algorithm>
#include <new>
#include <utility>

#include <tokengate/core/magazine_depot.h>
#include <tokengate/core/node_arena.h>
#include <tokengate/core/node_pool.h>

namespace tokengate::detail {
namespace {

using block = thread_cache::block;

magazine* pop(magazine*& list) noexcept {
  magazine* const first = list;
  if (first != nullptr) list = first->next;
  return first;
}

void push(magazine*& list, magazine& one) noexcept { one.next = std::exchange(list, &one); }

}  // namespace

static_assert(magazine::size == thread_cache::batch);

magazine_depot& magazine_depot::instance() {
  static auto* const forever = new magazine_depot;
  static_assert(classes == thread_cache::classes);
  return *forever;
}

std::size_t magazine_depot::most(std::size_t index) noexcept {
  return bytes_kept / ((index + 1) * thread_cache::granule * magazine::size);
}

void magazine_depot::refill(std::size_t index, magazine*& empty, std::uint32_t& count) {
  shelf& here = shelves_[index];
  {
    const std::scoped_lock lock(here.mutex);
    if (magazine* const full = pop(here.full)) {
      here.lowest = std::min(here.lowest, --here.count);
      push(here.empty, *std::exchange(empty, full));
      count = magazine::size;
      return;
    }
  }
  block* each = node_arena::instance().take(index, count);
  for (std::uint32_t place = count; place-- > 0; each = each->next) empty->blocks[place] = each;
}

void magazine_depot::exchange_full(std::size_t index, magazine*& full) noexcept {
  shelf& here = shelves_[index];
  {
    const std::scoped_lock lock(here.mutex);
    if (here.count < most(index) && here.empty != nullptr) {
      ++here.count;
      push(here.full, *std::exchange(full, pop(here.empty)));
      return;
    }
  }
  if (magazine* const fresh = take_empty(index)) {
    const std::scoped_lock lock(here.mutex);
    if (here.count < most(index)) {
      ++here.count;
      push(here.full, *std::exchange(full, fresh));
      return;
    }
    push(here.empty, *fresh);
  }
  give(index, full->blocks, magazine::size);
}

void magazine_depot::give(std::size_t index, void* const* blocks, std::size_t count) noexcept {
  block* chain = nullptr;
  for (std::size_t i = count; i-- > 0;) {
    auto* const freed = static_cast<block*>(blocks[i]);
    freed->next = std::exchange(chain, freed);
  }
  if (chain != nullptr) node_arena::instance().give(index, chain);
}

magazine* magazine_depot::take_empty(std::size_t index) noexcept {
  shelf& here = shelves_[index];
  {
    const std::scoped_lock lock(here.mutex);
    if (magazine* const empty = pop(here.empty)) return empty;
  }
  return new (std::nothrow) magazine;
}

void magazine_depot::give_empty(std::size_t index, magazine& empty) noexcept {
  shelf& here = shelves_[index];
  const std::scoped_lock lock(here.mutex);
  push(here.empty, empty);
}

void magazine_depot::release_idle() noexcept {
  for (std::size_t index = 0; index < classes; ++index) {
    shelf& here = shelves_[index];
    magazine *idle = nullptr, *spare = nullptr;
    {
      const std::scoped_lock lock(here.mutex);
      for (; here.lowest > 0; --here.lowest, --here.count) push(idle, *pop(here.full));
      here.lowest = here.count;
      std::swap(spare, here.empty);
    }
    while (magazine* const each = pop(spare)) delete each;
    while (magazine* const each = pop(idle)) {
      give(index, each->blocks, magazine::size);
      delete each;
    }
  }
}

}  // namespace tokengate::detail
