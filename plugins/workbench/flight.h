// Waiting for tokens from the main thread, such that Ctrl-C is noticed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <tokengate/core/gather.h>
#include <tokengate/core/token.h>

namespace tokengate::workbench {

using interrupt_check = int (*)() noexcept;

/// Waits for the end of the token; false if an interrupt came first. Blocks its thread.
template <class T>
bool wait_for(const token<T>& awaited, interrupt_check interrupted) {
  constexpr std::chrono::milliseconds glance{20};
  if (is_terminal(awaited.state())) return true;
  while (!awaited.wait_for(glance)) {
    if (interrupted() != 0) return false;
  }
  return true;
}

/// The same for all of them.
template <class T>
bool wait_for_all(const std::vector<token<T>>& awaited, interrupt_check interrupted) {
  // From the last to the first: when the last has ended most others have, and the thread need not sleep again.
  return std::all_of(awaited.rbegin(), awaited.rend(),
                     [interrupted](const token<T>& each) { return wait_for(each, interrupted); });
}

/// A bounded number of tokens under way. They are taken in the order in which they were added, as
/// take(number, outcome<T>), where the first that was added has number 0. What is left at the end is detached, so
/// tokens must not refer to what dies before the coordinator. One thread.
template <class T>
class flight {
 public:
  flight(std::size_t most, interrupt_check interrupted) : slots_(most), interrupted_(interrupted) {}

  /// If it is full, waits for the older half and takes it: the thread sleeps once for many tokens. False after an
  /// interrupt.
  template <class Take>
  bool make_room(Take&& take) {
    if (added_ - taken_ < slots_.size()) return true;
    return take_oldest((slots_.size() + 1) / 2, take);
  }

  /// There must be room.
  void add(token<T> made) { slots_[added_++ % slots_.size()] = std::move(made); }

  /// Waits for all and takes them. False after an interrupt.
  template <class Take>
  bool drain(Take&& take) {
    return take_oldest(added_ - taken_, take);
  }

  [[nodiscard]] std::uint64_t added() const noexcept { return added_; }
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

 private:
  template <class Take>
  bool take_oldest(std::uint64_t count, Take& take) {
    if (count > 0 && !wait_for(slots_[(taken_ + count - 1) % slots_.size()], interrupted_)) return false;
    for (; count > 0; --count) {
      token<T>& oldest = slots_[taken_ % slots_.size()];
      if (!wait_for(oldest, interrupted_)) return false;
      take(taken_, outcome<T>(std::move(oldest)));
      ++taken_;
    }
    return true;
  }

  std::vector<token<T>> slots_;  // a ring
  std::uint64_t added_ = 0, taken_ = 0;
  interrupt_check interrupted_;
};

}  // namespace tokengate::workbench
