// Reads the names in a directory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include <tokengate/plugins/treehash/opening.h>

namespace tokengate::treehash {

/// One pass over an open directory. Used by one token; suspends it where the directory is not in memory.
class directory_reader {
 public:
  /// Opens `path` below the open directory `root`, see open_directory(). Throws io_error.
  directory_reader(const io::file& root, const std::string& path);

  struct entry {
    const char* name;  ///< until the next call of next()
    mode_t kind;       ///< S_IFREG, S_IFDIR, ...; 0 if it vanished meanwhile
  };
  /// The next entry but `.` and `..`, in the order of the file system; null at the end. Throws io_error.
  const entry* next();

  /// The directory, to open its entries by name.
  [[nodiscard]] const io::file& directory() const noexcept { return directory_.file; }

 private:
  bool refill();

  opened_directory directory_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t position_ = 0;
  std::size_t filled_ = 0;
  entry current_{};
};

}  // namespace tokengate::treehash
