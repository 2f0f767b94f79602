#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <cxxabi.h>
#include <dlfcn.h>

#include <tokengate/lanes/stall.h>

namespace tokengate {
namespace {

std::string hexadecimal(std::uintptr_t number) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(number));
  return text;
}

void print(const stall_report& stall) noexcept {
  try {
    std::string text = "tokengate: token " + std::to_string(stall.token) + " of '" + std::string(stall.operation) +
                       "' has held core " + std::to_string(stall.core) + " for " +
                       std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(stall.held).count()) +
                       " ms; let it call this_token::yield() now and then, or io::blocking() for calls that block:\n";
    for (const void* const each : stall.frames) text += "    " + describe_frame(each) + "\n";
    std::fputs(text.c_str(), stderr);
  } catch (const std::exception&) {
    std::fputs("tokengate: a token holds its core, and there is no memory to say which\n", stderr);
  }
}

// Relaxed: a function is complete before the program starts.
std::atomic<stall_handler> present_handler{&print};

}  // namespace

stall_handler set_stall_handler(stall_handler handler) noexcept {
  return present_handler.exchange(handler, std::memory_order_relaxed);
}

std::string describe_frame(const void* address) {
  Dl_info found{};
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (::dladdr(address, &found) == 0 || found.dli_fname == nullptr) return hexadecimal(at);
  const std::string file = found.dli_fname;
  if (found.dli_sname == nullptr)
    return file + "(+" + hexadecimal(at - reinterpret_cast<std::uintptr_t>(found.dli_fbase)) + ")";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, &status),
                                                        std::free);
  return std::string(readable != nullptr ? readable.get() : found.dli_sname) + "+" +
         hexadecimal(at - reinterpret_cast<std::uintptr_t>(found.dli_saddr)) + " (" + file + ")";
}

namespace detail {

void report_stall(const stall_report& stall) noexcept {
  if (const auto handler = present_handler.load(std::memory_order_relaxed)) handler(stall);
}

}  // namespace detail
}  // namespace tokengate
