// What was found below all paths the user named.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tokengate/io/file.h>
#include <tokengate/plugins/treehash/listing.h>
#include <tokengate/plugins/treehash/output.h>

namespace tokengate::treehash {

/// A directory the user named.
struct tree_root {
  std::string spelled;
  io::file directory;
};

struct tree {
  std::string spelled;
  std::unique_ptr<listing> top;
};

struct forest {
  std::unique_ptr<listing> files;  ///< those the user named, under their whole paths
  std::vector<tree> trees;
};

/// Writes all lines, each path once, in the byte order of the paths, until stopping() is true. The last of the text is
/// left in the writer's buffer. Throws io_error.
void write_lines(const forest& found, buffered_writer& out, const std::function<bool()>& stopping);

}  // namespace tokengate::treehash
