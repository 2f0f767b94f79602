// Which exceptions the running code is handling and throwing: the C++ runtime keeps that per thread, tokens need it
// each.
#pragma once

#include <utility>

#include <cxxabi.h>

namespace tokengate::lanes {

/// The layout that the Itanium C++ ABI (2.2.2) lays down for __cxa_eh_globals.
struct exception_globals {
  void* caught;
  unsigned int uncaught;

  /// Of the calling thread; stays the same for its life.
  static exception_globals& of_thread() noexcept {
    return *reinterpret_cast<exception_globals*>(abi::__cxa_get_globals());
  }
  [[nodiscard]] bool any() const noexcept { return caught != nullptr || uncaught != 0; }
};

/// While it lives the thread handles no exception; afterwards those again that it handled before. Around a switch to
/// another fiber (two fibers suspended inside `catch` would rethrow each other's exception) and around a token that is
/// run inside another one. Mostly there are none; then both ends are a look: who comes back finds none either, because
/// whoever left had this object, too, and a token that has ended handles none.
class exception_state {
 public:
  explicit exception_state(exception_globals& of_thread) noexcept : thread_(of_thread), saved_{nullptr, 0} {
    if (of_thread.any()) [[unlikely]]
      saved_ = std::exchange(of_thread, {nullptr, 0});
  }
  exception_state(const exception_state&) = delete;
  exception_state& operator=(const exception_state&) = delete;
  ~exception_state() {
    if (saved_.any()) [[unlikely]]
      thread_ = saved_;
  }

 private:
  exception_globals& thread_;  // fibers do not migrate
  exception_globals saved_;
};

}  // namespace tokengate::lanes
