// Which core the tokens of an anchor's key run on, while there are any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// A core for each key: chosen for its first token, kept until the last one has ended, forgotten then. Any thread. A
/// new token takes the lock of one shard out of 64 for some 20 ns, its end none: so those who submit and the cores
/// do not wait for each other. Keys that are gone keep their place in the table until there are twice as many, or
/// trim().
class sticky_pins {
 public:
  /// How many tokens of a key are in flight. Lowered by release() only, raised with the lock of the shard held.
  using count = std::atomic<std::uint32_t>;
  struct held {
    std::uint16_t core;
    count* tokens;  ///< stays where it is until release()
  };

  sticky_pins() = default;
  sticky_pins(const sticky_pins&) = delete;
  sticky_pins& operator=(const sticky_pins&) = delete;

  /// One more token of the key. Its core is `choose()` for the first. Throws bad_alloc, or what choose() throws; then
  /// nothing has changed. choose() is called with a lock held.
  template <class Choose>
  held hold(std::uint64_t key, std::uint32_t operation, Choose choose) {
    shard& mine = shard_of(key);
    const std::scoped_lock lock(mine.mutex);
    const auto found = mine.pins.find(key);
    place& here = found != mine.pins.end() ? *found->second : mine.add(key);
    // Acquire: pairs with release(): what the key's last token did is seen by whoever begins anew.
    if (here.tokens.load(std::memory_order_acquire) == 0) {
      here.core = choose();
      here.operation = operation;
    }
    here.tokens.fetch_add(1, std::memory_order_relaxed);  // read again after the queue that hands the token over
    return {here.core, &here.tokens};
  }
  /// One fewer of the key whose count it is. Release: pairs with the acquire loads of those who find a key without
  /// tokens, or with only one.
  static void release(count& tokens) noexcept { tokens.fetch_sub(1, std::memory_order_release); }

  /// All keys with tokens in no order; each shard as it is at one instant.
  [[nodiscard]] std::vector<pin> snapshot() const;
  /// Gives memory back if there is far more of it than is needed.
  void trim() noexcept;
  /// For how many keys there is memory.
  [[nodiscard]] std::size_t room() const noexcept;

 private:
  static constexpr std::size_t shards = 64, always_kept = 16;

  struct place {
    count tokens{0};
    std::uint16_t core = 0;
    std::uint32_t operation = 0;
  };
  /// Keys are as good as random already; the table looks at their upper and lowest bits, so others choose the shard.
  struct as_it_is {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t key) const noexcept { return key; }
  };
  struct alignas(64) shard {
    mutable std::mutex mutex;  // guards what follows
    boost::unordered_flat_map<std::uint64_t, std::unique_ptr<place>, as_it_is> pins;
    std::vector<std::unique_ptr<place>> spare;  // has room for every place there is
    std::size_t look_at = always_kept;          // with so many keys: are there any that are gone?

    place& add(std::uint64_t key);
    void forget_gone() noexcept;
  };

  [[nodiscard]] shard& shard_of(std::uint64_t key) noexcept { return shards_[key >> 32 & (shards - 1)]; }

  std::array<shard, shards> shards_;
};

}  // namespace tokengate::anchors
