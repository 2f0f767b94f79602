// Which core the tokens of an anchor's key run on, while there are any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace tokengate::anchors {

/// One key with tokens in flight.
struct pin {
  std::uint64_t key = 0;
  std::uint32_t operation = 0;  ///< number of the operation whose token was first (0: submit)
  std::uint16_t core = 0;
  std::uint32_t tokens = 0;  ///< in flight: submitted, and not ended
};

/// A core for each key: chosen for its first token, kept until the last one has ended, forgotten then. Any thread. Each
/// call takes the lock of one shard out of 64 for some 20 ns; there is no lock for all, and no memory is kept for keys
/// that are gone but for the room of the tables.
class sticky_pins {
 public:
  sticky_pins() = default;
  sticky_pins(const sticky_pins&) = delete;
  sticky_pins& operator=(const sticky_pins&) = delete;

  /// One more token of the key: returns the key's core, which is `choose()` for the first. Throws bad_alloc, or what
  /// choose() throws; then nothing has changed. choose() is called with a lock held.
  template <class Choose>
  std::uint16_t hold(std::uint64_t key, std::uint32_t operation, Choose choose) {
    shard& mine = shard_of(key);
    const std::scoped_lock lock(mine.mutex);
    if (const auto found = mine.pins.find(key); found != mine.pins.end()) {
      ++found->second.tokens;
      return found->second.core;
    }
    const std::uint16_t core = choose();
    mine.pins.emplace(key, pin{key, operation, core, 1});
    return core;
  }
  /// One fewer, of a key that is held.
  void release(std::uint64_t key) noexcept;

  /// How many tokens of the key are in flight.
  [[nodiscard]] std::uint32_t tokens(std::uint64_t key) const noexcept;
  /// All keys in no order; each shard as it is at one instant.
  [[nodiscard]] std::vector<pin> snapshot() const;
  /// Gives memory back if there is far more of it than is needed.
  void trim() noexcept;
  /// For how many keys there is memory.
  [[nodiscard]] std::size_t room() const noexcept;

 private:
  /// Keys are as good as random already; the table looks at their upper and lowest bits, so others choose the shard.
  struct as_it_is {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t key) const noexcept { return key; }
  };
  struct alignas(64) shard {
    mutable std::mutex mutex;
    boost::unordered_flat_map<std::uint64_t, pin, as_it_is> pins;  // guarded by mutex
  };
  static constexpr std::size_t shards = 64;

  [[nodiscard]] const shard& shard_of(std::uint64_t key) const noexcept { return shards_[key >> 32 & (shards - 1)]; }
  [[nodiscard]] shard& shard_of(std::uint64_t key) noexcept { return shards_[key >> 32 & (shards - 1)]; }

  std::array<shard, shards> shards_;
};

}  // namespace tokengate::anchors
