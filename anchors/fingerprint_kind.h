// How the fingerprint of a type is made of parts, and what is told apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <typeinfo>

#include <boost/hana/concept/struct.hpp>

#include <tokengate/core/arguments.h>
#include <tokengate/core/tags.h>

namespace tokengate {

template <hash_policy Policy>
class fingerprinter;

/// Whether a pointer-like type (T*, std::reference_wrapper, std::unique_ptr, std::shared_ptr) is meant by its address
/// rather than by what is there. Specialise it for own handles: two tokens with the same session* belong together.
template <class Pointer>
inline constexpr bool fingerprint_by_address = false;

namespace detail {

/// Keeps values of different kinds apart. The numbers are part of every fingerprint: they never change.
enum class fingerprint_salt : std::uint8_t {
  integer = 1,
  negative = 2,
  real = 3,
  text = 4,
  path = 5,
  sequence = 6,
  end = 7,
  unordered = 8,
  tuple = 9,
  nothing = 10,
  something = 11,
  alternative = 12,
  duration = 13,
  integers = 14,
  bits = 15,
  address = 16,
  type = 17
};

std::uint64_t mix_word(std::uint64_t state, fingerprint_salt salt, std::uint64_t word) noexcept;
std::uint64_t mix_bytes(std::uint64_t state, fingerprint_salt salt, const void* data, std::size_t size) noexcept;

/// Where a pointer-like value leads.
template <class T>
T* target_of(T* pointer) noexcept {
  return pointer;
}
template <class T>
T* target_of(const std::reference_wrapper<T>& reference) noexcept {
  return &reference.get();
}
template <class T, class Deleter>
  requires(!std::is_array_v<T>)
T* target_of(const std::unique_ptr<T, Deleter>& owner) noexcept {
  return owner.get();
}
template <class T>
  requires(!std::is_array_v<T>)
T* target_of(const std::shared_ptr<T>& owner) noexcept {
  return owner.get();
}

template <class T>
concept pointer_like = !std::is_array_v<T> && requires(const T& value) { target_of(value); };
/// A std::reference_wrapper would say so for what it refers to, by conversion.
template <class T>
concept says_its_parts = !is_reference_wrapper<T> && requires(fingerprinter<hash_policy::standard>& to,
                                                              const T& value) { fingerprint_append(to, value); };
template <class T>
concept known_to_hana = boost::hana::Struct<T>::value;

/// A type without a value of its own.
template <class T, hash_policy Policy>
struct fingerprint_kind {
  static constexpr bool possible = Policy == hash_policy::fast;  // which type it is
  static void add(auto& to, const T&) noexcept {
    const char* const name = typeid(T).name();  // the same in every process of this platform
    to.bytes(fingerprint_salt::type, name, std::strlen(name));
  }
};

template <class T, hash_policy Policy>
inline constexpr bool has_fingerprint = fingerprint_kind<std::remove_cvref_t<T>, Policy>::possible;

}  // namespace detail
}  // namespace tokengate
