// The tokens of the waves: of every four two are light, one is medium, one is heavy.
#pragma once

#include <cstdint>

#include <tokengate/core/registry.h>
#include <tokengate/plugins/workbench/original.h>
#include <tokengate/tokengate.h>

namespace tokengate::mixed {

[[nodiscard]] inline std::uint64_t return_number(std::uint64_t number) { return number; }

TOKENGATE_INSTANCE(wave_light, return_number, weight::light)
TOKENGATE_INSTANCE(wave_medium, return_number, weight::medium)
TOKENGATE_INSTANCE(wave_heavy, return_number, weight::heavy)

TOKENGATE_INSTANCE(wave_primes, (workbench::timed_work<workbench::work::primes>), weight::light)
TOKENGATE_INSTANCE(wave_text, (workbench::timed_work<workbench::work::text>), weight::light)
TOKENGATE_INSTANCE(wave_sorting, (workbench::timed_work<workbench::work::sorting>), weight::medium)
TOKENGATE_INSTANCE(wave_hashes, (workbench::timed_work<workbench::work::hashes>), weight::heavy)

TOKENGATE_PLUGIN(registry)

}  // namespace tokengate::mixed
