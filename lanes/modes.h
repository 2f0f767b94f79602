// What makes a core leave the short way: rare conditions, as bits of one word per core.
#pragma once

#include <cstdint>

namespace tokengate::lanes {

/// Set and cleared by any thread (fetch_or, fetch_and, release); the core reads them relaxed on every token, and
/// acquire where it acts on one.
inline constexpr std::uint32_t mode_paused = 1;       ///< nothing more from outside is begun
inline constexpr std::uint32_t mode_some_paused = 2;  ///< nor tokens of some operations, wherever they come from
inline constexpr std::uint32_t mode_attention =
    4;  ///< stop requests were made: look at what is suspended or queued here
inline constexpr std::uint32_t mode_cancelling =
    8;  ///< hard stop: queued tokens are killed, running ones asked to stop
/// Somebody wants to know what the fibers do (survey.h).
inline constexpr std::uint32_t mode_surveyed = 16;
/// The core is to give back memory that it does not need: much was done since it was asked the last time.
inline constexpr std::uint32_t mode_tidying = 32;
/// What makes it look up from its queues (core::attend).
inline constexpr std::uint32_t modes_of_attention = mode_attention | mode_surveyed | mode_tidying;

}  // namespace tokengate::lanes
