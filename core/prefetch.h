// Asks for cache lines ahead of time.
#pragma once

namespace tokengate::detail {

/// Has the line at `address` fetched to be written soon; any address will do, nothing is read. The builtin for writing
/// becomes a fetch for reading where the compiler does not know that the processor can do more, and then the write
/// waits for the other core all the same. Processors that lack the instruction take it for a nop.
inline void prefetch_to_write(const void* address) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address, 1);
#endif
}

}  // namespace tokengate::detail
