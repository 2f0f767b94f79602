// What lies in the pool of nodes belongs to nobody: AddressSanitizer is told so, if the program is compiled with it.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TOKENGATE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TOKENGATE_ASAN 1
#endif
#endif

#ifdef TOKENGATE_ASAN
// As in <sanitizer/asan_interface.h>, which clang has in another package.
extern "C" void __asan_poison_memory_region(const volatile void* block, std::size_t size);
extern "C" void __asan_unpoison_memory_region(const volatile void* block, std::size_t size);
#endif

namespace tokengate::detail {

/// What of a free block may still be looked at: the fields by which tokens are found (node.h: `word_` and `request`
/// before `type`, the others behind it). Everything else is poisoned, first of all `type`, without which a node cannot
/// be run, destroyed or asked for its result.
inline constexpr std::size_t poisoned_type = 16, poisoned_from = 48;

/// The block, of `size` bytes, goes into the pool. Without the sanitizer this and the next are nothing.
inline void poison([[maybe_unused]] void* block, [[maybe_unused]] std::size_t size) noexcept {
#ifdef TOKENGATE_ASAN
  auto* const bytes = static_cast<std::byte*>(block);
  __asan_poison_memory_region(bytes + poisoned_type, sizeof(void*));
  __asan_poison_memory_region(bytes + poisoned_from, size - poisoned_from);
#endif
}

/// The block comes out of it, for an object of `size` bytes; or a range of blocks begins anew.
inline void unpoison([[maybe_unused]] void* block, [[maybe_unused]] std::size_t size) noexcept {
#ifdef TOKENGATE_ASAN
  __asan_unpoison_memory_region(block, size);
#endif
}

}  // namespace tokengate::detail
