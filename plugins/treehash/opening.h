// Opening directories without blocking a core.
#pragma once

#include <string>

#include <tokengate/io/file.h>

namespace tokengate::treehash {

struct opened_directory {
  io::file file;
  bool cached;  ///< the kernel had the path in memory; so it is likely to have the content, too
};

/// The directory `path` below the open directory `root` (an empty path means the root itself), refusing to pass
/// symbolic links, so that nobody can lead the way out of the tree while it is read. Paths longer than what the kernel
/// takes are walked in pieces. Throws io_error.
[[nodiscard]] opened_directory open_directory(const io::file& root, const std::string& path);

}  // namespace tokengate::treehash
