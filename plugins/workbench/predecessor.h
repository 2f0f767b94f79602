// What Py-TokenGate reached on the machine that docs/workloads.md describes: ranges over several runs, to lay beside
// our own figures. Seconds, tokens and bytes, and what is made of them.
#pragma once

#include <cstdint>
#include <optional>

#include <tokengate/plugins/workbench/measurements.h>

namespace tokengate::workbench::predecessor {

// Waves of 4 to 65,536 tokens: submitted, then awaited.
inline constexpr std::uint64_t tokens_of_all_waves = 131'068;
inline constexpr figure no_op_rate{4'548, 4'548};
inline constexpr figure no_op_rate_after_submission{6'400, 8'400};  // of the wave of 65,536
inline constexpr figure no_op_memory{723e6, 723e6, better::less};
inline constexpr figure no_op_memory_per_token{5.3e3, 5.3e3, better::less};
inline constexpr figure original_rate{3'117, 3'117};
inline constexpr figure original_rate_after_submission{4'497, 4'497};
inline constexpr figure original_memory{1'449e6, 1'449e6, better::less};
inline constexpr figure original_memory_per_token{10.8e3, 10.8e3, better::less};

/// Rate of one wave, if it was noted.
constexpr std::optional<figure> no_op_wave(std::uint64_t tokens) {
  if (tokens <= 1'024) return figure{6'300, 8'200};
  if (tokens >= 16'384 && tokens <= 65'536) return figure{4'000, 4'800};
  return std::nullopt;
}
constexpr std::optional<figure> original_wave(std::uint64_t tokens) {
  if (tokens == 65'536) return figure{3'037, 3'037};
  return std::nullopt;
}

// 10,000 tokens that sleep 1 ms: concurrency ratio, of 4 workers and of 8.
inline constexpr std::uint64_t sleepers = 10'000;
inline constexpr figure light_sleepers{2.3, 2.9};
inline constexpr figure half_heavy_sleepers{3.3, 4.4};

// Eight computing tokens released at once: turnaround ratios that its own documents name, on 8 cores.
inline constexpr figure best_release{7.25, 7.25};
inline constexpr figure sustained_releases{5.87, 5.87};

// A lead and its four children.
inline constexpr std::uint64_t children = 4;
inline constexpr figure chains_one_at_a_time{920, 1'508};
inline constexpr figure chain_p50{0.6e-3, 0.9e-3, better::less};
inline constexpr figure chain_p99{1.1e-3, 5.5e-3, better::less};
inline constexpr std::uint64_t leads_in_flight = 3'000;
inline constexpr figure chains_in_flight{890, 1'440};

}  // namespace tokengate::workbench::predecessor
