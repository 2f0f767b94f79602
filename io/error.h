// What the kernel answered when a file could not be opened, read or written.
#pragma once

#include <string>
#include <string_view>

#include <tokengate/core/error.h>

namespace tokengate::io {

/// A failed call to the kernel. The message reads "cannot <action> '<path>': <reason>" and says what to do where that
/// is not obvious from the reason.
class io_error : public error {
 public:
  /// `code` is an errno; an empty action or path is left out of the message.
  io_error(int code, std::string_view path, std::string_view action = {});

  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  int code_;
  std::string path_;
};

}  // namespace tokengate::io
