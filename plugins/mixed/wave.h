// One wave: many tokens at once, and all their results.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tokengate/core/gather.h>
#include <tokengate/plugins/workbench/experiment.h>
#include <tokengate/plugins/workbench/flight.h>

namespace tokengate::mixed {

/// How large the first and the last wave are; each is twice as large as the one before.
struct wave_sizes {
  std::uint64_t first = 4, last = 65'536;
};
inline constexpr std::uint64_t largest_wave = std::uint64_t{1} << 24;

/// "4..65536", or "1024" for a single wave. Nothing if it is neither, if the last is not the first doubled some times,
/// or beyond largest_wave.
[[nodiscard]] std::optional<wave_sizes> parse_waves(std::string_view text);

template <class T>
struct wave {
  std::vector<outcome<T>> results;             ///< in the order of submission
  workbench::clock::duration submission, all;  ///< until the last token was submitted, until all results were there
};

/// Submits `count` tokens, submit(0) first, and waits for all results. Nothing after an interrupt.
template <class Submit>
auto run_wave(std::uint64_t count, Submit&& submit, workbench::interrupt_check interrupted)
    -> std::optional<wave<typename decltype(submit(0))::value_type>> {
  constexpr std::uint64_t glance = 1'024;  // tokens
  std::vector<decltype(submit(0))> tokens;
  tokens.reserve(count);
  const auto start = workbench::clock::now();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % glance == 0 && interrupted() != 0) return std::nullopt;
    tokens.push_back(submit(i));
  }
  const auto submitted = workbench::clock::now();
  if (!workbench::wait_for_all(tokens, interrupted)) return std::nullopt;
  auto results = gather(return_exceptions, std::move(tokens));
  return {{std::move(results), submitted - start, workbench::clock::now() - start}};
}

}  // namespace tokengate::mixed
