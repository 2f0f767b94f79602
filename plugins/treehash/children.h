// The children of a token that are on their way, each with a note of what it is about.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

#include <tokengate/core/token.h>

namespace tokengate::treehash {

/// Used by one token. However that token ends, its children have ended before this is destroyed, so they may refer to
/// whatever was made before it.
template <class T, class Note>
class children {
 public:
  children() = default;
  children(const children&) = delete;
  children& operator=(const children&) = delete;
  /// Waits for those that are left; only an exception leaves any.
  ~children() {
    for (auto& each : all_) each.call.wait();
  }

  void add(Note note, token<T> call) { all_.push_back({std::move(note), std::move(call)}); }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

  /// Waits until at most `left` have not ended, and calls use(note, result) for each of the others that was waited for.
  /// The newest come first: no other core is likely to have taken them, so they are run in place, while idle cores help
  /// themselves to the oldest. Throws what the child threw.
  template <class Use>
  void finish_newest(std::size_t left, Use&& use) {
    while (all_.size() > left) {
      all_.back().call.wait();
      child ended = std::move(all_.back());
      all_.pop_back();
      use(ended.note, ended.call.get());
    }
  }

  /// The same for those that have ended by themselves; with none of them, waits for a while. For children that take
  /// long and may end in any order.
  template <class Use>
  void finish_ended(Use&& use) {
    // The only way to wait for any of several: for one of them, and not for long.
    constexpr std::chrono::milliseconds patience{1};
    bool found = false;
    for (std::size_t i = 0; i < all_.size();) {
      if (!is_terminal(all_[i].call.state())) {
        ++i;
        continue;
      }
      std::swap(all_[i], all_.back());
      child ended = std::move(all_.back());
      all_.pop_back();
      use(ended.note, ended.call.get());
      found = true;
    }
    if (!found && !all_.empty()) static_cast<void>(all_.front().call.wait_for(patience));
  }

 private:
  struct child {
    Note note;
    token<T> call;
  };
  std::deque<child> all_;
};

}  // namespace tokengate::treehash
