// Reads a list of checksums line by line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tokengate/io/file.h>

namespace tokengate::treehash {

/// Used by one token, which it suspends while it reads.
class list_reader {
 public:
  /// `-` is standard input. Throws io_error.
  explicit list_reader(const std::string& path);

  /// The next line without its end (LF or CR LF), until the next call; nothing after the last one. Throws io_error.
  std::optional<std::string_view> next();

  /// How much of the list the lines so far were.
  [[nodiscard]] std::uint64_t bytes_taken() const noexcept { return bytes_read_ - (text_.size() - position_); }
  /// Size of the list if it is a regular file, else 0.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  bool read_more();

  io::file list_;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_read_ = 0;
  bool ended_ = false;
  std::string text_;  // read, but not taken before position_
  std::size_t position_ = 0;
};

}  // namespace tokengate::treehash
