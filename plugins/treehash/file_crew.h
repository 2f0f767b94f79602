// Files that are hashed by children of one token, and what becomes of them.
#pragma once

#include <cstdint>
#include <string>

#include <tokengate/plugins/treehash/children.h>
#include <tokengate/plugins/treehash/operations.h>

namespace tokengate::treehash {

/// Hashes files that were added to a listing, a bounded number of them at a time, and enters their digests. Used by one
/// token, which calls finish() after the last; what it was made with must stay until then.
class file_crew {
 public:
  /// `prefix` stands before the names in messages.
  file_crew(job& shared, listing& list, std::string prefix);

  /// `directory` (null: the current one) stays open until finish().
  void add(listing::index file, const io::file* directory, links symbolic);
  void finish();

 private:
  void settle(listing::index file, file_outcome outcome);
  void count();

  job& shared_;
  listing& list_;
  const std::string prefix_;
  std::uint64_t files_ = 0;  // hashed, and not yet in the job's tally
  std::uint64_t bytes_ = 0;
  children<file_outcome, listing::index> big_;
  children<file_outcome, listing::index> small_;
};

}  // namespace tokengate::treehash
