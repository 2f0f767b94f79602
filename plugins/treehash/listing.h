// What was found below one directory: names and digests, in little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tokengate/plugins/treehash/digest.h>

namespace tokengate::treehash {

/// The entries of one directory, and the listings of the directories in it. A file costs its name, its digest and
/// 16 bytes. Built by one party at a time; names keep their addresses while more are added, so others may read them.
class listing {
 public:
  using index = std::uint32_t;

  explicit listing(std::size_t digest_size) noexcept : digest_size_(digest_size) {}
  listing(const listing&) = delete;
  listing& operator=(const listing&) = delete;
  /// Deep trees do not recurse.
  ~listing();

  /// A file whose digest set_digest() may tell later; without one it is left out. Names are at most 65,535 bytes.
  index add_file(std::string_view name);
  void set_digest(index file, const digest& value);
  /// The name, zero-terminated, of something that was added; void after seal().
  [[nodiscard]] const char* name(index file) const noexcept { return entries_[file].name; }

  void add_directory(std::string_view name);
  [[nodiscard]] std::size_t directories() const noexcept { return below_.size(); }
  [[nodiscard]] const char* directory_name(std::size_t directory) const noexcept { return below_[directory].name; }
  /// What is in the directory; without it the directory is left out. Allowed after seal(), too.
  void set_below(std::size_t directory, std::unique_ptr<listing> content) noexcept;

  /// Forgets files without a digest and brings the rest into the order of their paths (byte order, as LC_ALL=C sort has
  /// it). O(n log n). Indices of files are void afterwards.
  void seal();

 private:
  friend class listing_cursor;

  enum class kind : std::uint8_t { unsettled, file, directory };
  struct item {
    const char* name;
    std::uint32_t place;  // in below_, or in digests_ (counted in digests)
    std::uint16_t length;
    listing::kind kind;
  };
  struct subdirectory {
    const char* name;
    std::unique_ptr<listing> content;
  };
  static bool path_before(const item& a, const item& b) noexcept;
  const char* store(std::string_view name);

  std::size_t digest_size_;
  std::vector<item> entries_;
  std::vector<std::uint8_t> digests_;
  std::vector<subdirectory> below_;
  std::vector<std::unique_ptr<char[]>> names_;  // chunks, each twice as big as the one before, up to a limit
  std::size_t chunk_size_ = 0;
  std::size_t chunk_used_ = 0;
};

/// Walks the files of a sealed listing in the order of their paths. Borrows the listing.
class listing_cursor {
 public:
  /// `prefix` is what stands before each name: directory_prefix(root), or nothing.
  listing_cursor(const listing& top, std::string prefix);

  /// Goes to the next (at first: the first) file; false at the end.
  bool next();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::span<const std::uint8_t> digest() const noexcept { return digest_; }

 private:
  struct level {
    const listing* list;
    std::size_t position;
    std::size_t prefix;  // how much of path_ names this directory, with its slash
  };
  std::string path_;
  std::span<const std::uint8_t> digest_;
  std::vector<level> levels_;
};

/// `root` + `/`, unless it ends in one already: what `find root` puts before the names below.
[[nodiscard]] std::string directory_prefix(std::string_view root);

}  // namespace tokengate::treehash
