// A big file on its way through a ring of buffers.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <tokengate/plugins/treehash/source.h>

namespace tokengate::treehash {

inline constexpr std::size_t block_size = std::size_t{256} << 10;

/// The file and the buffers its blocks are read into; shared by the lead and the children that read for it.
class big_file {
 public:
  static constexpr std::size_t depth = 8;  ///< blocks on their way at once

  using memory = std::unique_ptr<std::byte[]>;

  big_file(source opened, memory buffers) noexcept : file(std::move(opened)), buffers_(std::move(buffers)) {}

  /// The buffer of the block of this number; blocks that are `depth` apart share one.
  [[nodiscard]] std::span<std::byte> buffer(std::uint64_t block) const noexcept {
    return {buffers_.get() + (block % depth) * block_size, block_size};
  }

  const source file;

 private:
  friend class big_file_pool;
  memory buffers_;
};

/// Bounds how many big files have buffers, and keeps the buffers. Thread-safe; outlives what it gave away.
class big_file_pool {
 public:
  explicit big_file_pool(unsigned most) : free_(most) {}

  /// Null, and `opened` untouched, when all buffers are in use: then read the file block by block instead.
  [[nodiscard]] std::shared_ptr<big_file> try_make(source& opened);

 private:
  void give_back(big_file* finished) noexcept;

  std::mutex mutex_;
  std::vector<big_file::memory> free_;  // guarded by mutex_; null where none has been needed yet
};

}  // namespace tokengate::treehash
