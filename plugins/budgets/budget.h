// A tag of a plugin, with rules of its own: how long a token of an operation should run at most.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include <tokengate/core/registry.h>

namespace tokengate::budgets {

/// `budget{2ms}`. Nothing stops a token that runs for longer, unlike one with a `timeout`; overruns() tells of it
/// afterwards.
struct budget {
  std::chrono::nanoseconds limit;
};

struct is_positive {
  TOKENGATE_RULE("BUD-E001", "a budget of no time is never kept", "give a duration such as budget{2ms}")
  static constexpr bool kept(const budget& given, auto) { return given.limit.count() > 0; }
};

struct ends_before_the_timeout {
  TOKENGATE_RULE("BUD-E002", "its budget is longer than its timeout", "shorten the budget, or give more time")
  static constexpr bool kept(const budget& given, auto operation) {
    return operation.info.timeout.count() <= 0 || given.limit <= operation.info.timeout;
  }
};

struct leaves_room_for_children {
  TOKENGATE_RULE("BUD-E003", "its budget is shorter than that of an operation in its external_calls",
                 "give more to the lead, or less to the child")
  static constexpr bool kept(const budget& given, auto operation, auto registry) {
    for (const std::string_view child : operation.info.calls)
      if (const auto* its = tokengate::given<budget>(registry, child); its != nullptr && its->limit > given.limit)
        return false;
    return true;
  }
};

struct heavy_ones_have_one {
  TOKENGATE_RULE("BUD-E004", "a heavy operation has no budget", "give it a budget, or another weight")
  static constexpr bool kept(auto operation, auto) {
    return operation.info.attributes.weight != weight::heavy || given<budget>(operation) != nullptr;
  }
};

/// The budgets of a registry's operations, in its order; 0 where there is none.
template <class Registry>
constexpr auto budgets_of(Registry registry) {
  std::array<std::chrono::nanoseconds, registry.size()> limits{};
  std::size_t place = 0;
  for (const operation_info* const info : registry.infos()) {
    const budget* const its = given<budget>(registry, info->name);
    limits[place++] = its != nullptr ? its->limit : std::chrono::nanoseconds(0);
  }
  return limits;
}

}  // namespace tokengate::budgets

template <>
struct tokengate::tag_traits<tokengate::budgets::budget> {
  using kind = budgets::budget;
  using rules =
      tokengate::rules<budgets::is_positive, budgets::ends_before_the_timeout, budgets::leaves_room_for_children>;
  static constexpr void apply(const budgets::budget&, operation_info&) {}
};

namespace tokengate::budgets {

/// For an application that wants a budget for whatever is heavy.
TOKENGATE_PLUGIN(registry, heavy_ones_have_one)

}  // namespace tokengate::budgets
