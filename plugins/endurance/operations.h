// The tokens of the sustained load: of every four two are light, one is medium, one is heavy.
#pragma once

#include <chrono>
#include <cstdint>

#include <tokengate/core/registry.h>
#include <tokengate/plugins/workbench/original.h>
#include <tokengate/tokengate.h>

namespace tokengate::endurance {

/// Does nothing, but tells how long the token waited for its start.
[[nodiscard]] inline workbench::answer return_number(std::uint64_t number, std::chrono::steady_clock::time_point made) {
  return {number, std::chrono::steady_clock::now() - made, {}};
}

TOKENGATE_INSTANCE(load_light, return_number, weight::light)
TOKENGATE_INSTANCE(load_medium, return_number, weight::medium)
TOKENGATE_INSTANCE(load_heavy, return_number, weight::heavy)

TOKENGATE_INSTANCE(load_primes, (workbench::timed_work<workbench::work::primes>), weight::light)
TOKENGATE_INSTANCE(load_text, (workbench::timed_work<workbench::work::text>), weight::light)
TOKENGATE_INSTANCE(load_sorting, (workbench::timed_work<workbench::work::sorting>), weight::medium)
TOKENGATE_INSTANCE(load_hashes, (workbench::timed_work<workbench::work::hashes>), weight::heavy)

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::endurance
