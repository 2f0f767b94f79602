// The way through all directories below the paths of the user.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tokengate/plugins/treehash/children.h>
#include <tokengate/plugins/treehash/file_crew.h>
#include <tokengate/plugins/treehash/forest.h>

namespace tokengate::treehash {

/// Has directories read by children, a bounded number of them at a time, depth first. It, not the directories
/// themselves, sends out for what is below them: so neither the depth of a tree nor its width cost more than the names
/// that are still to be read. Lives inside one token.
class forest_walk {
 public:
  explicit forest_walk(job& shared);

  /// Hashes all files below the paths, or until the job is to stop. Once.
  forest run(const std::vector<std::string>& paths);

 private:
  /// A directory that was read and names others that were not.
  struct unread {
    std::shared_ptr<const tree_root> root;
    std::string path;  // below the root, with a slash at its end
    listing* list;
    std::size_t next;
  };
  /// A directory that is being read, and where its listing belongs.
  struct place {
    std::shared_ptr<const tree_root> root;
    std::string path;
    listing* above;  // null for a root
    std::size_t directory;
  };

  void begin(const std::string& path);
  void advance();
  void send(place where);
  void settle(const place& where, std::unique_ptr<listing> list);

  job& shared_;
  forest found_;
  file_crew named_files_;
  std::vector<unread> unread_;  // the last is gone on with first
  children<std::unique_ptr<listing>, place> under_way_;
};

}  // namespace tokengate::treehash
