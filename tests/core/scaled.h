// How much of something a test does where a sanitizer watches.
#pragma once

#if defined(__has_feature)
#define TOKENGATE_HAS_FEATURE(name) __has_feature(name)
#else
#define TOKENGATE_HAS_FEATURE(name) 0
#endif

namespace tokengate::testing {

/// `count`, or a hundredth of it under AddressSanitizer and ThreadSanitizer. The first gives each fiber a mapping of
/// its own, of which a process may have 65,530; the second takes 800 KB for a fiber and knows 8,128 at a time.
constexpr int scaled(int count) noexcept {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || TOKENGATE_HAS_FEATURE(address_sanitizer) || \
    TOKENGATE_HAS_FEATURE(thread_sanitizer)
  return count / 100;
#else
  return count;
#endif
}

}  // namespace tokengate::testing
