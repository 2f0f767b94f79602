// Standard error, shared by messages and one line of progress.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace tokengate::report {

/// Writes messages to a descriptor and keeps a progress line below them, if the descriptor is a terminal. Any thread or
/// fiber may call any member: a call holds a mutex for one write and never suspends a fiber.
class console {
 public:
  /// Borrows the descriptor.
  explicit console(int descriptor) noexcept;
  /// Takes the progress line away.
  ~console();
  console(const console&) = delete;
  console& operator=(const console&) = delete;

  /// True if progress will be seen: on a terminal.
  [[nodiscard]] bool interactive() const noexcept { return interactive_; }

  /// One message, as a line `tokengate: <text>` of its own. Nobody is told when it cannot be written.
  void message(std::string_view text);

  /// Several lines as they are; a newline at the end is the caller's.
  void block(std::string_view text);

  /// Shows `text` (ASCII, one line) in place of the last progress, cut to the terminal's width. Nothing if piped.
  void progress(std::string_view text);

  /// Takes the progress line away.
  void end_progress();

 private:
  void put_above_progress(std::string lines);
  void write_all(std::string_view bytes) noexcept;
  [[nodiscard]] std::string drawn() const;
  [[nodiscard]] std::string erased() const;

  const int descriptor_;
  const bool interactive_;
  std::mutex mutex_;
  std::string progress_;  // what is on the screen's last line; guarded by mutex_
};

}  // namespace tokengate::report
