// Counts what came out right, and remembers the first thing that did not.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace tokengate::workbench {

/// Judges the results of a run. Not thread-safe.
class checker {
 public:
  /// A token's result and what it must be. `what` names the tokens in the complaint: "wave 3".
  void compare(std::string_view what, std::uint64_t number, std::uint64_t got, std::uint64_t right) {
    if (got == right) [[likely]]
      ++right_;
    else
      note_wrong(what, number, got, right);
  }

  /// A token that ended by an exception.
  void note_failure(std::string_view what, std::uint64_t number, const std::exception_ptr& reason);

  /// Anything else that must hold; `otherwise` is the complaint.
  void require(bool holds, std::string_view otherwise);

  [[nodiscard]] std::uint64_t right() const noexcept { return right_; }
  [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }
  [[nodiscard]] bool passed() const noexcept { return complaint_.empty(); }

  /// Empty, or one sentence without a full stop: how many results were wrong, how many tokens failed, and the first.
  [[nodiscard]] std::string complaint() const;

 private:
  void note_wrong(std::string_view what, std::uint64_t number, std::uint64_t got, std::uint64_t right);
  void complain(std::string sentence);

  std::uint64_t right_ = 0, wrong_ = 0, failed_ = 0;
  std::string complaint_;  // the first
};

}  // namespace tokengate::workbench
