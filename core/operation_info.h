// The facts of an operation: what is known when it is compiled, and its one record in the running program.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <tokengate/core/tags.h>

namespace tokengate {

/// What a token's way needs at run time; copied into its node, where there is little room.
struct attributes {
  tokengate::weight weight : 2 = tokengate::weight::medium;
  std::uint8_t storage : 3 = 0;  ///< 0: touches no storage; else a `storage_speed`
  bool lead : 1 = false;         ///< has external_calls
  bool anchored : 1 = false;     ///< has a sticky_anchor
  bool exclusive : 1 = false;    ///< tokens of one key of the anchor do not interleave
  tokengate::domain domain : 2 = tokengate::domain::bound;
  tokengate::hash_policy hash_policy : 3 = tokengate::hash_policy::standard;
  tokengate::digest_policy digest_policy : 3 = tokengate::digest_policy::full;
  std::uint8_t lane = 0;  ///< 0: the coordinator's default lane; else a `lane_number`, found when the program starts

  constexpr bool touches_storage() const noexcept { return storage != 0; }
  constexpr bool operator==(const attributes&) const = default;
};
static_assert(sizeof(attributes) <= 4 && std::is_trivially_copyable_v<attributes>);

/// The facts of one operation, known when it is compiled. Everything referred to lives as long as the program.
struct operation_info {
  std::string_view name;  ///< without namespace; literal, so `name.data()` ends with a zero
  const char* file = "";
  unsigned line = 0;
  tokengate::attributes attributes{};
  std::string_view anchor{};                  ///< empty: not anchored
  std::string_view lane{};                    ///< empty: the coordinator's default one
  std::span<const std::string_view> calls{};  ///< the names of external_calls, in order of declaration
  std::chrono::nanoseconds timeout{0};        ///< 0: none
  const char* spelled = "";                   ///< how the compiler names the declaration, for scope()

  /// The namespace it is declared in, as "shop::ledger", up to an unnamed one; empty: the global one. Read from
  /// `spelled` by each call, which the compiler would do for every operation otherwise: that took 1.8 ms each.
  constexpr std::string_view scope() const {
    std::string_view text = spelled;  // "... Facts = shop::ledger::tokengate_operation_NAME_LINE..."
    const std::size_t begin = text.find("Facts = ");
    if (begin == text.npos) return {};
    text.remove_prefix(begin + 8);
    text = text.substr(0, text.find("tokengate_operation_"));
    for (const std::string_view unnamed : {"{anonymous}", "(anonymous namespace)"})
      text = text.substr(0, text.find(unnamed));
    if (text.ends_with("::")) text.remove_suffix(2);
    return text;
  }
};

/// The run-time side of one operation: exactly one per operation in the program.
struct operation_record {
  operation_info info;
  /// Place in the operation table, -1 until a closed registry enrolled it. Written once, before `main`, with release;
  /// the acquire load of a reader that finds it >= 0 therefore sees the table's entry.
  std::atomic<std::int32_t> index{-1};
  /// Number of the lane that `info` names, 0 without. Written at enrolment, before the index, or when the lanes of the
  /// program become known; both happen before `main`, so that relaxed order does.
  std::atomic<std::uint8_t> lane{0};

  constexpr explicit operation_record(const operation_info& facts) noexcept : info(facts) {}
};

}  // namespace tokengate
