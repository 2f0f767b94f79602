#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include <sched.h>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/error.h>
#include <tokengate/core/node.h>
#include <tokengate/core/place.h>

namespace tokengate::detail {
namespace {

struct open_places {
  std::mutex mutex;
  std::vector<place*> all;
};

open_places& places() {
  static auto* const forever = new open_places;
  return *forever;
}

// The only open place, or null. Written under the mutex with release, read with acquire: who finds a place sees it set
// up. Until when it stays: wait_until_left().
std::atomic<place*> only{nullptr};

thread_local constinit place* scoped = nullptr;

void update_only(const std::vector<place*>& all) noexcept {
  only.store(all.size() == 1 ? all.front() : nullptr, std::memory_order_release);
}

// Which threads are between their look for a place and the end of submit(): each thread marks itself, and who is about
// to destroy a place looks at all marks. Hazard pointers in their simplest form; the fence that they need stands on the
// side of the one who looks.
struct visitors {
  struct mark {
    // `anywhere` (relaxed, then a light fence) before the look for a place, then the place, null (release) when done;
    // read (acquire) after a heavy fence by wait_until_left(): a thread whose mark is not seen there sees the place
    // closed.
    std::atomic<const void*> inside{nullptr};
    mark() {
      const std::scoped_lock lock(all().mutex);
      all().marks.push_back(this);
    }
    mark(const mark&) = delete;
    mark& operator=(const mark&) = delete;
    ~mark() {
      const std::scoped_lock lock(all().mutex);
      std::erase(all().marks, this);
    }
  };

  static visitors& all() {
    static auto* const forever = new visitors;
    return *forever;
  }
  static mark& own() {
    static thread_local mark mine;
    return mine;
  }

  std::mutex mutex;
  std::vector<mark*> marks;
};

constexpr char anywhere = 0;

class visit {
 public:
  visit() : mark_(visitors::own()) {
    mark_.inside.store(&anywhere, std::memory_order_relaxed);
    light_fence();
  }
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;
  ~visit() { mark_.inside.store(nullptr, std::memory_order_release); }

  void narrow_to(const place& found) noexcept { mark_.inside.store(&found, std::memory_order_release); }

 private:
  visitors::mark& mark_;
};

}  // namespace

// --- numbers
// -------------------------------------------------------------------------------------------------------

namespace {

struct numbered_places {
  std::mutex mutex;
  std::vector<place*> all;  // by number; null where one is gone

  static numbered_places& instance() {
    static auto* const forever = new numbered_places;
    return *forever;
  }
};

}  // namespace

place::place() {
  auto& [mutex, all] = numbered_places::instance();
  const std::scoped_lock held(mutex);
  const auto free = std::find(all.begin(), all.end(), nullptr);
  constexpr std::size_t most = 65'536;
  if (free == all.end() && all.size() == most)
    throw misuse("65536 coordinators exist already; one per process is the usual number");
  realm_ = static_cast<std::uint16_t>(free - all.begin());
  if (free == all.end())
    all.push_back(this);
  else
    *free = this;
}

place::~place() {
  auto& [mutex, all] = numbered_places::instance();
  const std::scoped_lock held(mutex);
  all[realm_] = nullptr;
}

place::pinned::pinned(std::uint16_t realm) noexcept {
  auto& [mutex, all] = numbered_places::instance();
  mutex.lock();
  found_ = realm < all.size() ? all[realm] : nullptr;
}

place::pinned::~pinned() { numbered_places::instance().mutex.unlock(); }

// --- submission
// ----------------------------------------------------------------------------------------------------

void place::submit_from_outside(node& token, std::uint64_t id) {
  visit inside;
  place& found = current();
  inside.narrow_to(found);
  token.realm = found.realm_;
  found.submit(token, id);
}

void place::wait_until_left() const noexcept {
  heavy_fence();
  auto& [mutex, marks] = visitors::all();
  const std::scoped_lock lock(mutex);
  for (const visitors::mark* each : marks)
    for (;;) {
      const void* const inside = each->inside.load(std::memory_order_acquire);
      if (inside != this && inside != &anywhere) break;
      ::sched_yield();
    }
}

place& place::current() {
  if (scoped != nullptr) return *scoped;
  if (place* const found = only.load(std::memory_order_acquire)) return *found;
  auto& [mutex, all] = places();
  const std::scoped_lock lock(mutex);
  if (all.size() == 1) return *all.front();
  throw no_coordinator(all.empty()
                           ? "an operation was called while no coordinator runs; construct a tokengate::coordinator "
                             "and start() it, or start() it again"
                           : "an operation was called while several coordinators run; say which one is meant with "
                             "tokengate::coordinator::scope");
}

void place::open() {
  auto& [mutex, all] = places();
  const std::scoped_lock lock(mutex);
  all.push_back(this);
  update_only(all);
}

void place::close() noexcept {
  auto& [mutex, all] = places();
  const std::scoped_lock lock(mutex);
  std::erase(all, this);
  update_only(all);
}

place* place::exchange_scope(place* next) noexcept {
  place* const previous = scoped;
  scoped = next;
  return previous;
}

}  // namespace tokengate::detail
