#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include <tokengate/core/error.h>
#include <tokengate/lanes/stack_pool.h>

namespace tokengate::lanes {
namespace {

constexpr std::uint64_t every_stack = ~std::uint64_t{0};

}  // namespace

stack_pool::stack_pool(const stack_options& options)
    : keep_(options.keep),
      size_(options.size),
      page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
      guard_(options.guard.value_or(best_stack_guard())) {
  constexpr std::size_t least = 16 * 1024;
  constexpr std::size_t most = 1024 * 1024 * 1024;
  if (size_ < least || size_ > most || size_ % page_ != 0) {
    throw misuse("a fiber's stack of " + std::to_string(size_) + " bytes is not possible: choose a multiple of " +
                 std::to_string(page_) + " from " + std::to_string(least) + " to " + std::to_string(most));
  }
  residency_.resize(slab_stacks * stride() / page_);
}

stack_pool::~stack_pool() {
  assert(in_use_ == 0);
  for (const stack_slab& slab : slabs_) unmap(slab);
}

std::byte* stack_pool::take_cold() {
  while (with_room_ < slabs_.size() && slabs_[with_room_].cold == 0) ++with_room_;
  if (with_room_ == slabs_.size()) map_slab();
  stack_slab& slab = slabs_[with_room_];
  const int index = std::countr_zero(slab.cold);
  slab.cold &= slab.cold - 1;
  return slab.base + static_cast<std::size_t>(index) * stride() + page_;
}

// What may throw comes first, so that there is nothing to undo but the mapping itself.
void stack_pool::map_slab() {
  if (slabs_.size() == slabs_.capacity()) slabs_.reserve(2 * slabs_.size() + 4);
  cached_.reserve(slabs_.capacity() * slab_stacks);

  const std::size_t bytes = slab_stacks * stride();
  void* memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc{};
  stack_slab fresh{static_cast<std::byte*>(memory), every_stack, 0, stack_guard::canary, nullptr};
  try {
    fresh.range = announce_guards(fresh.base, slab_stacks, stride());
  } catch (...) {
    munmap(memory, bytes);
    throw;
  }
  madvise(memory, bytes, MADV_NOHUGEPAGE);  // one touched page must not cost two megabytes; kernels without may refuse
  fresh.guard = install_guards(fresh.base, slab_stacks, stride(), guard_);
  canary_slabs_ += fresh.guard == stack_guard::canary;

  const auto place = std::lower_bound(slabs_.begin(), slabs_.end(), fresh.base,
                                      [](const stack_slab& slab, const std::byte* base) { return slab.base < base; });
  with_room_ = static_cast<std::size_t>(slabs_.insert(place, fresh) - slabs_.begin());
}

void stack_pool::unmap(const stack_slab& slab) noexcept {
  withdraw_guards(slab.range);
  munmap(slab.base, slab_stacks * stride());
  forget_guards(slab_stacks, slab.guard);
  canary_slabs_ -= slab.guard == stack_guard::canary;
}

void stack_pool::trim(std::size_t keep) noexcept {
  if (cached_.size() <= keep) return;
  const auto hottest = cached_.end() - static_cast<std::ptrdiff_t>(keep);
  for (auto stack = cached_.begin(); stack != hottest; ++stack) {
    stack_slab& slab = slab_of(*stack);
    slab.trimmed |= std::uint64_t{1} << (static_cast<std::size_t>(*stack - slab.base) / stride());
  }
  cached_.erase(cached_.begin(), hottest);

  for (stack_slab& slab : slabs_) {
    if (slab.trimmed != 0) release_trimmed(slab);
  }
  std::erase_if(slabs_, [](const stack_slab& slab) { return slab.base == nullptr; });
  with_room_ = 0;
}

// Guards outlive MADV_DONTNEED, so runs of neighbours go in one call.
void stack_pool::release_trimmed(stack_slab& slab) noexcept {
  measure(slab);
  slab.cold |= slab.trimmed;
  if (slab.cold == every_stack) {
    unmap(slab);
    slab.base = nullptr;
    return;
  }
  while (slab.trimmed != 0) {
    const int first = std::countr_zero(slab.trimmed);
    const int run = std::countr_one(slab.trimmed >> first);
    madvise(slab.base + static_cast<std::size_t>(first) * stride(), static_cast<std::size_t>(run) * stride(),
            MADV_DONTNEED);
    slab.trimmed &= ~(((std::uint64_t{1} << run) - 1) << first);
  }
}

// A stack grows downwards: it has used what lies above its lowest resident page.
void stack_pool::measure(const stack_slab& slab) noexcept {
  if (mincore(slab.base, slab_stacks * stride(), residency_.data()) != 0) return;
  const std::size_t pages = stride() / page_;
  const auto is_resident = [](unsigned char page) { return (page & 1) != 0; };
  for (std::size_t stack = 0; stack < slab_stacks; ++stack) {
    const unsigned char* const top = residency_.data() + (stack + 1) * pages;
    const unsigned char* const bottom = top - pages + 1;  // above the guard
    const auto used = static_cast<std::size_t>(top - std::find_if(bottom, top, is_resident));
    high_water_ = std::max(high_water_, used * page_);
  }
}

stack_statistics stack_pool::statistics() noexcept {
  for (const stack_slab& slab : slabs_) measure(slab);
  return {in_use_, cached_.size(), slabs_.size(), canary_slabs_ * slab_stacks, high_water_};
}

stack_slab& stack_pool::slab_of(const std::byte* stack) noexcept {
  const auto after =
      std::upper_bound(slabs_.begin(), slabs_.end(), stack,
                       [](const std::byte* address, const stack_slab& slab) { return address < slab.base; });
  return *std::prev(after);
}

// Reading a page that was never touched costs no memory: the kernel shows its page of zeros.
void stack_pool::check_canary(const std::byte* stack) noexcept {
  if (slab_of(stack).guard != stack_guard::canary) return;
  const std::byte* const canary = stack - page_;
  if (*canary == std::byte{0} && std::memcmp(canary, canary + 1, page_ - 1) == 0) return;
  std::fprintf(stderr,
               "tokengate: a fiber has overflowed its stack of %zu bytes and damaged what lies below it; give fibers "
               "larger stacks\n",
               size_);
  std::abort();
}

}  // namespace tokengate::lanes
