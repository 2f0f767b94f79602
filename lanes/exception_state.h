// Which exceptions the running code is handling and throwing: the C++ runtime keeps that per thread, tokens need it
// each.
#pragma once

#include <cstring>

#include <cxxabi.h>

namespace tokengate::lanes {

/// While it lives the thread handles no exception; afterwards those again that it handled before. Around a switch to
/// another fiber (two fibers suspended inside `catch` would rethrow each other's exception) and around a token that is
/// run inside another one.
class exception_state {
 public:
  exception_state() noexcept : thread_(abi::__cxa_get_globals()) {
    std::memcpy(&saved_, thread_, sizeof saved_);
    std::memset(thread_, 0, sizeof saved_);
  }
  exception_state(const exception_state&) = delete;
  exception_state& operator=(const exception_state&) = delete;
  ~exception_state() { std::memcpy(thread_, &saved_, sizeof saved_); }

 private:
  // The layout that the Itanium C++ ABI (2.2.2) lays down for __cxa_eh_globals.
  struct exception_globals {
    void* caught;
    unsigned int uncaught;
  };
  void* const thread_;  // fibers do not migrate
  exception_globals saved_;
};

}  // namespace tokengate::lanes
