// Four instances of one operation, one per storage tier, chosen by a value at each call.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <tokengate/core/operation.h>

namespace tokengate {
namespace detail {

template <storage_speed Tier, class Operation>
concept touches = Operation::info.attributes.storage == static_cast<std::uint8_t>(Tier);
template <class Slow, class Moderate, class Fast, class Insane>
concept tiers_in_order = touches<storage_speed::slow, Slow> && touches<storage_speed::moderate, Moderate> &&
                         touches<storage_speed::fast, Fast> && touches<storage_speed::insane, Insane>;

}  // namespace detail

/// Made by TOKENGATE_STORAGE_INSTANCES. An empty constant like an operation; in external_calls it stands for its four
/// instances.
template <class Slow, class Moderate, class Fast, class Insane>
class storage_choice {
 public:
  using result_type = typename Slow::result_type;

  static constexpr std::array<std::string_view, 4> operation_names{Slow::info.name, Moderate::info.name,
                                                                   Fast::info.name, Insane::info.name};

  constexpr storage_choice(const Slow&, const Moderate&, const Fast&, const Insane&)
    requires detail::tiers_in_order<Slow, Moderate, Fast, Insane>
  {}
  __attribute__((unavailable(
      "tokengate[TG-E124] storage_choice: its operations are not tagged with the tiers in their "
      "order; give those of storage_speed::slow, moderate, fast and insane"))) constexpr storage_choice(const Slow&,
                                                                                                        const Moderate&,
                                                                                                        const Fast&,
                                                                                                        const Insane&)
    requires(!detail::tiers_in_order<Slow, Moderate, Fast, Insane>)
  {}

  /// Calls the instance of this tier; see operation.
  template <class... Arguments>
    requires(Slow::template takes<Arguments...>)
  token<result_type> operator()(storage_speed tier, Arguments&&... arguments) const {
    switch (tier) {
      case storage_speed::slow:
        return object<Slow>(std::forward<Arguments>(arguments)...);
      case storage_speed::moderate:
        return object<Moderate>(std::forward<Arguments>(arguments)...);
      case storage_speed::fast:
        return object<Fast>(std::forward<Arguments>(arguments)...);
      case storage_speed::insane:
        break;
    }
    return object<Insane>(std::forward<Arguments>(arguments)...);
  }

 private:
  template <class Operation>
  static constexpr Operation object{};
};
template <class Slow, class Moderate, class Fast, class Insane>
storage_choice(const Slow&, const Moderate&, const Fast&, const Insane&)
    -> storage_choice<Slow, Moderate, Fast, Insane>;

}  // namespace tokengate
