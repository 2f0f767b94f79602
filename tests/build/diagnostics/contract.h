#pragma once
#pragma GCC system_header

// A rule of its own, so that these tests need nothing of the framework.
#define EVEN(name, number) \
  static_assert((number) % 2 == 0, "tokengate[TG-E901] number '" #name "': is odd. Remedy: add one.")
#define BOTH_EVEN(name, number, other_name, other_number) \
  EVEN(name, number);                                     \
  EVEN(other_name, other_number)
