#include <new>

#include <tokengate/anchors/sticky_pins.h>

namespace tokengate::anchors {

void sticky_pins::release(std::uint64_t key) noexcept {
  shard& mine = shard_of(key);
  const std::scoped_lock lock(mine.mutex);
  const auto found = mine.pins.find(key);
  if (--found->second.tokens == 0) mine.pins.erase(found);
}

std::uint32_t sticky_pins::tokens(std::uint64_t key) const noexcept {
  const shard& mine = shard_of(key);
  const std::scoped_lock lock(mine.mutex);
  const auto found = mine.pins.find(key);
  return found == mine.pins.end() ? 0 : found->second.tokens;
}

std::vector<pin> sticky_pins::snapshot() const {
  std::vector<pin> all;
  for (const shard& each : shards_) {
    const std::scoped_lock lock(each.mutex);
    for (const auto& [key, one] : each.pins) all.push_back(one);
  }
  return all;
}

void sticky_pins::trim() noexcept {
  constexpr std::size_t always_kept = 64;
  for (shard& each : shards_) {
    const std::scoped_lock lock(each.mutex);
    if (each.pins.bucket_count() <= always_kept || each.pins.size() > each.pins.bucket_count() / 8) continue;
    try {
      each.pins.rehash(2 * each.pins.size());
    } catch (const std::bad_alloc&) {
      // It stays as it is.
    }
  }
}

std::size_t sticky_pins::room() const noexcept {
  std::size_t sum = 0;
  for (const shard& each : shards_) {
    const std::scoped_lock lock(each.mutex);
    sum += each.pins.bucket_count();
  }
  return sum;
}

}  // namespace tokengate::anchors
