#include <atomic>
#include <cerrno>
#include <fstream>
#include <mutex>
#include <utility>

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <tokengate/lanes/stack_guard.h>

namespace tokengate::lanes {

// All stores but the first publication of a node happen under `ranges_mutex`.
struct guarded_range {
  std::atomic<std::uintptr_t> begin{0};  // 0: withdrawn, free for the next
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> stride{1};
  guarded_range* next = nullptr;       // set before publication, never changed
  guarded_range* next_free = nullptr;  // guarded by ranges_mutex
};

namespace {

constexpr int guard_install = 102;  // MADV_GUARD_*: younger than the C library's headers
constexpr int guard_remove = 103;

std::size_t page_size() noexcept { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

// Asking is not enough: emulators and sandboxes say yes to advice that they do not know. A page that is guarded cannot
// be written to by the kernel on our behalf either, which is how to find out without a signal.
stack_guard probe() noexcept {
  const std::size_t size = page_size();
  void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return stack_guard::protection;
  const bool enforced = madvise(page, size, guard_install) == 0 && getrandom(page, 1, 0) < 0 && errno == EFAULT;
  munmap(page, size);
  return enforced ? stack_guard::marker : stack_guard::protection;
}

// A guard splits a mapping: one for itself, one for the stack above it.
std::size_t most_protected_guards() noexcept {
  static const std::size_t most = [] {
    std::size_t mappings = 65530;
    std::ifstream{"/proc/sys/vm/max_map_count"} >> mappings;
    return mappings / 2 / 2;
  }();
  return most;
}

// A count and nothing else: no other data depends on it, so relaxed order suffices.
std::atomic<std::size_t> protected_guards{0};

bool install_markers(std::byte* begin, std::size_t count, std::size_t stride) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (madvise(begin + i * stride, page_size(), guard_install) != 0) {
      madvise(begin, count * stride, guard_remove);
      return false;
    }
  }
  return true;
}

bool install_protection(std::byte* begin, std::size_t count, std::size_t stride) noexcept {
  if (protected_guards.fetch_add(count, std::memory_order_relaxed) + count <= most_protected_guards()) {
    std::size_t done = 0;
    while (done < count && mprotect(begin + done * stride, page_size(), PROT_NONE) == 0) ++done;
    if (done == count) return true;
    mprotect(begin, count * stride, PROT_READ | PROT_WRITE);
  }
  forget_guards(count, stack_guard::protection);
  return false;
}

// Release, paired with the acquire in is_guard_address(): whoever sees a node sees its fields. Nodes are never deleted,
// so a handler may stand on any of them at any moment; withdrawn ones are used again.
constinit std::atomic<guarded_range*> ranges{nullptr};
constinit std::mutex ranges_mutex;
constinit guarded_range* free_ranges = nullptr;

}  // namespace

stack_guard best_stack_guard() noexcept {
  static const stack_guard best = probe();
  return best;
}

stack_guard install_guards(std::byte* begin, std::size_t count, std::size_t stride, stack_guard wanted) noexcept {
  if (wanted == stack_guard::marker && install_markers(begin, count, stride)) return stack_guard::marker;
  if (wanted != stack_guard::canary && install_protection(begin, count, stride)) return stack_guard::protection;
  return stack_guard::canary;
}

void forget_guards(std::size_t count, stack_guard installed) noexcept {
  if (installed == stack_guard::protection) protected_guards.fetch_sub(count, std::memory_order_relaxed);
}

guarded_range* announce_guards(const std::byte* begin, std::size_t count, std::size_t stride) {
  const std::lock_guard lock{ranges_mutex};
  guarded_range* range = free_ranges;
  const bool fresh = range == nullptr;
  if (fresh) {
    range = new guarded_range;
  } else {
    free_ranges = range->next_free;
  }
  range->bytes.store(count * stride, std::memory_order_relaxed);
  range->stride.store(stride, std::memory_order_relaxed);
  range->begin.store(reinterpret_cast<std::uintptr_t>(begin), std::memory_order_release);
  if (fresh) {
    range->next = ranges.load(std::memory_order_relaxed);
    ranges.store(range, std::memory_order_release);
  }
  return range;
}

void withdraw_guards(guarded_range* range) noexcept {
  const std::lock_guard lock{ranges_mutex};
  range->begin.store(0, std::memory_order_relaxed);
  range->next_free = std::exchange(free_ranges, range);
}

// A node that changes hands meanwhile may be read half old, half new; the node of a stack that is in use, the only kind
// that can overflow, does not change.
bool is_guard_address(const void* address) noexcept {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  for (const guarded_range* range = ranges.load(std::memory_order_acquire); range != nullptr; range = range->next) {
    const std::uintptr_t begin = range->begin.load(std::memory_order_acquire);
    if (begin == 0 || wanted - begin >= range->bytes.load(std::memory_order_relaxed)) continue;
    return (wanted - begin) % range->stride.load(std::memory_order_relaxed) < page_size();
  }
  return false;
}

}  // namespace tokengate::lanes
