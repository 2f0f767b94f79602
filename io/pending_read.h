// A read under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <tokengate/io/request.h>

namespace tokengate::io {

class file;

/// What file::start_read() returns. Belongs to the token (or thread) that started it: finish or drop it before the
/// token ends, and keep the file open and the buffer until then. Move-only.
class [[nodiscard]] pending_read {
 public:
  pending_read() = default;  ///< nothing under way
  pending_read(pending_read&& other) noexcept;
  pending_read& operator=(pending_read&& other) noexcept;
  /// Cancels what is still under way and waits until the kernel has let go of the buffer.
  ~pending_read() { drop(); }

  /// Waits and returns how many bytes were read, like file::read_at. Once; throws io_error, or misuse when there is
  /// nothing to be got.
  std::size_t get();

  /// True: get() will not have to wait for the kernel (unless it delivered less than it was asked for).
  [[nodiscard]] bool ready() const noexcept;
  [[nodiscard]] bool valid() const noexcept { return descriptor_ >= 0; }

 private:
  friend class file;
  pending_read(int descriptor, std::span<std::byte> buffer, std::uint64_t offset);
  void drop() noexcept;

  int descriptor_ = -1;  // of the file; -1: nothing to be got
  std::span<std::byte> buffer_;
  std::uint64_t offset_ = 0;
  std::size_t done_ = 0;
  std::unique_ptr<request> request_;  // null: all of it was in memory
};

}  // namespace tokengate::io
