// Four instances of one operation, one per storage tier, chosen by a value at each call.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <tokengate/core/operation.h>

namespace tokengate {

/// Made by TOKENGATE_STORAGE_INSTANCES. An empty constant like an operation; in external_calls it stands for its four
/// instances.
template <class Slow, class Moderate, class Fast, class Insane>
class storage_choice {
 public:
  using result_type = typename Slow::result_type;

  static constexpr std::array<std::string_view, 4> operation_names{Slow::info.name, Moderate::info.name,
                                                                   Fast::info.name, Insane::info.name};

  constexpr storage_choice(const Slow&, const Moderate&, const Fast&, const Insane&) {
    static_assert(
        on<storage_speed::slow, Slow> && on<storage_speed::moderate, Moderate> && on<storage_speed::fast, Fast> &&
            on<storage_speed::insane, Insane>,
        "the instances of a storage_choice stand in the order slow, moderate, fast, insane, each tagged with its tier");
  }

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

  template <storage_speed Tier, class Operation>
  static constexpr bool on = Operation::info.attributes.storage == static_cast<std::uint8_t>(Tier);
};

}  // namespace tokengate
