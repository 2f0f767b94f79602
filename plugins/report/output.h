// Where text goes: a descriptor, or a file that is replaced as a whole.
#pragma once

#include <string>
#include <string_view>

#include <sys/stat.h>

namespace tokengate::report {

/// Collects text and writes it to a descriptor in big pieces. Not thread-safe; blocks.
class buffered_writer {
 public:
  /// Borrows the descriptor; `name` is for messages.
  buffered_writer(int descriptor, std::string name);

  /// The text to append to; call flush_if_full() now and then.
  [[nodiscard]] std::string& text() noexcept { return text_; }
  void flush_if_full();
  /// Throws io_error (full disk, closed pipe). What was not written stays unwritten.
  void flush();

 private:
  int descriptor_;
  std::string name_;
  std::string text_;
};

/// A new content for `path`, which appears at once and complete by commit(), or not at all: the text goes to an unnamed
/// file of the same directory, then to disk, then takes the name. Symbolic links are followed, as the shell's `>` does;
/// an existing file's permissions are kept. What is no regular file (a terminal, /dev/null, a FIFO) cannot be replaced
/// and is written directly. Not thread-safe; blocks.
class replaced_file {
 public:
  /// Throws io_error if commit() could not work: no such directory, no permission, a directory of that name.
  explicit replaced_file(std::string path);
  /// Without commit() nothing has happened.
  ~replaced_file() { discard(); }
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// True for the file that will be replaced and for the one that will replace it: a list cannot hold its own digest.
  [[nodiscard]] bool is(const struct stat& file) const noexcept;

  /// Throws io_error; the old file is untouched then. To be called once, after everything was written.
  void commit();
  /// Lets go of what was written, if it was not committed.
  void discard() noexcept;

 private:
  void open_replacement();
  void adopt_permissions() const;
  std::string link_replacement() const;
  [[noreturn]] void fail(const std::string& path) const;

  struct identity {
    dev_t device = 0;
    ino_t inode = 0;
    bool matches(const struct stat& file) const noexcept { return file.st_dev == device && file.st_ino == inode; }
  };

  std::string path_;       // as the user spelled it
  std::string target_;     // path_ with its links followed
  std::string directory_;  // of target_
  int descriptor_ = -1;
  std::string temporary_;  // name of the replacement, empty while it has none
  bool direct_ = false;
  identity old_;
  identity replacement_;
};

}  // namespace tokengate::report
