// What hashing one file takes: a hasher and a buffer, kept for the next file.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <tokengate/plugins/treehash/digest.h>

namespace tokengate::treehash {

struct toolkit {
  explicit toolkit(algorithm wanted);

  [[nodiscard]] std::span<std::byte> buffer() const noexcept;

  algorithm kind;
  hasher hash;
  std::unique_ptr<std::byte[]> memory;
};

/// A toolkit for the time of one token, taken from those the thread keeps or made. A token stays on its core when it is
/// suspended, so no lock is needed; it must end on the thread it began on.
class borrowed_toolkit {
 public:
  explicit borrowed_toolkit(algorithm kind);
  ~borrowed_toolkit();
  borrowed_toolkit(const borrowed_toolkit&) = delete;
  borrowed_toolkit& operator=(const borrowed_toolkit&) = delete;

  toolkit& operator*() const noexcept { return *mine_; }

 private:
  std::unique_ptr<toolkit> mine_;
};

}  // namespace tokengate::treehash
