// Fingerprints of pointers and references, and of user types that say what they are made of.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <boost/hana/accessors.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/unpack.hpp>

#include <tokengate/anchors/fingerprint_kind.h>

namespace tokengate::detail {

template <pointer_like T, hash_policy Policy>
  requires(!says_its_parts<T>)
struct fingerprint_kind<T, Policy> {
  using target = std::remove_cv_t<std::remove_pointer_t<decltype(target_of(std::declval<const T&>()))>>;
  static constexpr bool by_address = Policy == hash_policy::fast || fingerprint_by_address<T>;
  static consteval bool leads_to_a_value() {
    if constexpr (Policy != hash_policy::full || std::is_void_v<target> || std::is_function_v<target>)
      return false;
    else
      return has_fingerprint<target, Policy>;
  }
  static constexpr bool possible = by_address || leads_to_a_value();

  static void add(auto& to, const T& value) {
    auto* const target = target_of(value);
    if constexpr (by_address) {
      to.word(fingerprint_salt::address, reinterpret_cast<std::uintptr_t>(target));
    } else if constexpr (possible) {
      to.word(target != nullptr ? fingerprint_salt::something : fingerprint_salt::nothing, 0);
      if (target != nullptr) to(std::as_const(*target));
    }
  }
};

template <class T, hash_policy Policy>
  requires(Policy != hash_policy::fast && (says_its_parts<T> || known_to_hana<T>))
struct fingerprint_kind<T, Policy> {
  static consteval bool parts_are_possible() {
    if constexpr (says_its_parts<T>)
      return true;  // what it adds is looked at when it does
    else
      return decltype(boost::hana::unpack(boost::hana::accessors<T>(), [](auto... part) {
        return std::bool_constant<(
            has_fingerprint<decltype(boost::hana::second(part)(std::declval<const T&>())), Policy> && ...)>{};
      }))::value;
  }
  static constexpr bool possible = parts_are_possible();
  static void add(auto& to, const T& value) {
    if constexpr (says_its_parts<T>)
      fingerprint_append(to, value);
    else
      boost::hana::for_each(boost::hana::accessors<T>(),
                            [&](const auto& part) { to(boost::hana::second(part)(value)); });
  }
};

}  // namespace tokengate::detail
