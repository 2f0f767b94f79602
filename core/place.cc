#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include <tokengate/core/error.h>
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
// up. A place may only go while no thread submits to it, as with any object that is destroyed.
std::atomic<place*> only{nullptr};

thread_local constinit place* scoped = nullptr;

void update_only(const std::vector<place*>& all) noexcept {
  only.store(all.size() == 1 ? all.front() : nullptr, std::memory_order_release);
}

}  // namespace

place& place::current() {
  if (scoped != nullptr) return *scoped;
  if (place* const found = only.load(std::memory_order_acquire)) return *found;
  auto& [mutex, all] = places();
  const std::scoped_lock lock(mutex);
  if (all.size() == 1) return *all.front();
  throw no_coordinator(
      all.empty() ? "an operation was called while no coordinator runs; construct a tokengate::coordinator and call "
                    "start() first"
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
