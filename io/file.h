// Files whose operations suspend the fiber, never its core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include <tokengate/io/error.h>
#include <tokengate/io/pending_read.h>

namespace tokengate::io {

/// Owns a descriptor. Inside a token, what the kernel has in memory is taken at once; for the rest the fiber is
/// suspended and its core goes on with other tokens. On other threads the calls simply block. A token keeps its storage
/// permit meanwhile. When the coordinator stops hard, a wait ends with the kernel's hands off the buffer and the token
/// is unwound. All errors are io_error. Several tokens may use one file at once, but for close and move.
class file {
 public:
  /// Refers to no file until one is assigned.
  file() = default;
  /// Takes the descriptor over.
  explicit file(int descriptor) noexcept : descriptor_(descriptor) {}
  file(file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  file& operator=(file&& other) noexcept;
  ~file() { close(); }

  /// `flags` and `mode` as for open(2), such as O_RDONLY or O_WRONLY | O_CREAT | O_TRUNC; O_CLOEXEC is added. Inside a
  /// token a FIFO may be opened for reading without waiting for its writer; waiting for its reader cannot be cancelled
  /// by a hard stop where the kernel refuses io_uring (use O_RDWR or O_NONBLOCK there).
  [[nodiscard]] static file open(const char* path, int flags = O_RDONLY, mode_t mode = 0666);
  [[nodiscard]] static file open(const std::string& path, int flags = O_RDONLY, mode_t mode = 0666) {
    return open(path.c_str(), flags, mode);
  }
  /// The same, relative to an open directory.
  [[nodiscard]] static file open_at(const file& directory, const char* name, int flags = O_RDONLY, mode_t mode = 0666);

  /// Fills the buffer from `offset` on; returns less than its size only at the end of the file.
  std::size_t read_at(std::span<std::byte> buffer, std::uint64_t offset) const;
  /// Begins the same and returns at once, so that several reads are under way while the token computes.
  pending_read start_read(std::span<std::byte> buffer, std::uint64_t offset) const;
  /// Everything from the beginning to the end.
  [[nodiscard]] std::vector<std::byte> read_all() const;
  /// For pipes, terminals and the like: waits for the first bytes at the file's own position and returns how many came;
  /// 0 at the end.
  std::size_t read_some(std::span<std::byte> buffer) const;

  /// Writes all of it.
  void write_at(std::span<const std::byte> bytes, std::uint64_t offset) const;
  /// Returns when everything written has reached the device.
  void sync() const;

  [[nodiscard]] struct ::stat status() const;
  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(status().st_size); }

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }
  /// Gives the descriptor away.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  /// Closes it now; nothing when there is none.
  void close() noexcept;

 private:
  friend class pending_read;
  static file open_in(int directory, const char* path, int flags, mode_t mode);
  static std::size_t read_cached(int descriptor, std::span<std::byte> buffer, std::uint64_t offset, bool& complete);
  static std::size_t read_from(int descriptor, std::span<std::byte> buffer, std::uint64_t offset);
  [[noreturn]] static void fail(int descriptor, int code, const char* action);

  int descriptor_ = -1;
};

}  // namespace tokengate::io
