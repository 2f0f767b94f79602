// Where threads exchange free node memory: whole magazines, so that an exchange touches none of the blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace tokengate::detail {

/// Free blocks of one class, by address. That they are not linked through themselves is what makes them cheap to take
/// by another thread than the one that freed them: the next ones are known, and fetched, before they are needed.
struct magazine {
  static constexpr std::size_t size = 64;
  static constexpr std::size_t ahead = 8;  ///< so many allocations ahead a block is fetched

  void* before[ahead]{};  ///< null; so that what lies `ahead` of the first block may be looked at
  void* blocks[size]{};
  magazine* next = nullptr;  ///< in the depot
};

/// One for the process, for ever. Any thread; each call takes a short lock of its class, and goes to the arena
/// (node_arena.h) when the depot has too few, or too many.
class magazine_depot {
 public:
  static magazine_depot& instance();

  /// Fills `empty` with up to magazine::size blocks of the class, or exchanges it for a full one; the last one is to be
  /// used first. Throws std::bad_alloc; then nothing has changed.
  void refill(std::size_t index, magazine*& empty, std::uint32_t& count);
  /// Takes a full magazine in exchange for an empty one.
  void exchange_full(std::size_t index, magazine*& full) noexcept;
  /// Takes single blocks back; they go to the arena at once.
  static void give(std::size_t index, void* const* blocks, std::size_t count) noexcept;

  /// An empty magazine, or null when there is no memory for one.
  magazine* take_empty(std::size_t index) noexcept;
  void give_empty(std::size_t index, magazine& empty) noexcept;

  /// Gives to the arena what nobody has needed since the last call.
  void release_idle() noexcept;

 private:
  static constexpr std::size_t classes = 8;
  static constexpr std::size_t bytes_kept = std::size_t{1} << 20;  // of a class, at most

  struct alignas(64) shelf {
    std::mutex mutex;  // guards what follows
    magazine* full = nullptr;
    magazine* empty = nullptr;
    std::size_t count = 0;   // of full ones
    std::size_t lowest = 0;  // `count` since the last release_idle()
  };

  magazine_depot() = default;
  static std::size_t most(std::size_t index) noexcept;

  std::array<shelf, classes> shelves_;
};

}  // namespace tokengate::detail
