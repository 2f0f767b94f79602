// A file that is being hashed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/stat.h>

#include <tokengate/io/file.h>

namespace tokengate::treehash {

enum class links : bool { refused, followed };

/// Opened for reading, with what was known of it then. Move-only. Inside a token nothing here blocks the core: what the
/// kernel has in memory is taken at once, for the rest the token is suspended.
class source {
 public:
  /// `path` is relative to the directory, or to the current one if that is null. Throws io_error.
  static source open(const io::file* directory, const char* path, links symbolic);

  [[nodiscard]] int descriptor() const noexcept { return file_.descriptor(); }
  [[nodiscard]] const struct stat& status() const noexcept { return status_; }
  [[nodiscard]] bool regular() const noexcept { return S_ISREG(status_.st_mode); }
  [[nodiscard]] std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(status_.st_size); }

  /// Returns less than was asked for only at the end of the file. Throws io_error.
  std::size_t read_at(std::span<std::byte> buffer, std::uint64_t offset) const;

  /// True if size or modification time are not what they were when the file was opened.
  [[nodiscard]] bool changed() const;

 private:
  source(io::file opened, const struct stat& status) noexcept;

  io::file file_;
  struct stat status_;
};

/// Why something that is no regular file has no digest, for messages. Lives for ever.
[[nodiscard]] const char* why_not_hashed(mode_t kind) noexcept;

}  // namespace tokengate::treehash
