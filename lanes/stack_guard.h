// What stands below a fiber's stack, so that an overflow ends the process instead of eating its neighbour.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tokengate::lanes {

/// How the lowest page of a stack is kept from being used, best first.
enum class stack_guard : std::uint8_t {
  marker,      // MADV_GUARD_INSTALL (Linux 6.13): a fault on touch, no memory mapping of its own
  protection,  // mprotect: a fault on touch, at the price of two of the process's limited memory mappings
  canary       // nothing faults; the page must still hold zeros when the stack is given back, else the process ends
};

/// The best guard that this kernel really enforces. Probed once; any thread.
[[nodiscard]] stack_guard best_stack_guard() noexcept;

/// Guards the first page of each of `count` stretches of `stride` bytes from `begin` (fresh, readable and writable
/// memory): as `wanted`, or the next worse way that succeeds. `protection` succeeds as long as all such guards of the
/// process use less than half of vm.max_map_count. Returns the way it took. Any thread; a few system calls a stretch.
[[nodiscard]] stack_guard install_guards(std::byte* begin, std::size_t count, std::size_t stride,
                                         stack_guard wanted) noexcept;

/// Tells that guards installed so are about to be unmapped.
void forget_guards(std::size_t count, stack_guard installed) noexcept;

/// A stretch of memory whose guards a signal handler can recognise; part of a list that only ever grows.
struct guarded_range;

/// Makes the guards known to is_guard_address(), until withdraw(). Throws std::bad_alloc. Any thread.
[[nodiscard]] guarded_range* announce_guards(const std::byte* begin, std::size_t count, std::size_t stride);
void withdraw_guards(guarded_range* range) noexcept;

/// True if a fault at this address is the overflow of a stack that is in use. For signal handlers: takes no lock,
/// allocates nothing; linear in the number of slabs. Any thread.
[[nodiscard]] bool is_guard_address(const void* address) noexcept;

}  // namespace tokengate::lanes
