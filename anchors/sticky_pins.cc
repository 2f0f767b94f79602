#include <algorithm>
#include <new>
#include <utility>

#include <tokengate/anchors/sticky_pins.h>

namespace tokengate::anchors {

/// Looks for keys that are gone as often as their number may have doubled.
sticky_pins::place& sticky_pins::shard::add(std::uint64_t key) {
  if (pins.size() >= look_at) {
    forget_gone();
    look_at = std::max(always_kept, 2 * pins.size());
  }
  // Room for it among the spare ones, so that forget_gone() needs no memory.
  if (spare.capacity() <= pins.size()) spare.reserve(2 * pins.size() + 1);
  std::unique_ptr<place> own;
  if (spare.empty()) {
    own = std::make_unique<place>();
  } else {
    own = std::move(spare.back());
    spare.pop_back();
  }
  place& added = *own;
  pins.emplace(key, std::move(own));
  return added;
}

void sticky_pins::shard::forget_gone() noexcept {
  erase_if(pins, [this](auto& each) {
    // Acquire: pairs with release(), which was the last to look at the place.
    if (each.second->tokens.load(std::memory_order_acquire) != 0) return false;
    if (spare.size() < spare.capacity()) spare.push_back(std::move(each.second));
    return true;
  });
}

std::vector<pin> sticky_pins::snapshot() const {
  std::vector<pin> all;
  for (const shard& each : shards_) {
    const std::scoped_lock lock(each.mutex);
    for (const auto& [key, here] : each.pins)
      if (const auto tokens = here->tokens.load(std::memory_order_relaxed); tokens != 0)
        all.push_back({key, here->operation, here->core, tokens});
  }
  return all;
}

void sticky_pins::trim() noexcept {
  for (shard& each : shards_) {
    const std::scoped_lock lock(each.mutex);
    if (each.pins.bucket_count() <= 4 * always_kept) continue;
    each.forget_gone();
    if (each.pins.size() > each.pins.bucket_count() / 8) continue;
    try {
      each.spare.clear();
      each.spare.shrink_to_fit();
      each.pins.rehash(2 * each.pins.size());
      each.look_at = std::max(always_kept, 2 * each.pins.size());
    } catch (const std::bad_alloc&) {
      // It stays as it is.
    }
  }
}

std::size_t sticky_pins::room() const noexcept {
  std::size_t sum = 0;
  for (const shard& each : shards_) {
    const std::scoped_lock lock(each.mutex);
    sum += each.pins.bucket_count() + each.spare.capacity();
  }
  return sum;
}

}  // namespace tokengate::anchors
