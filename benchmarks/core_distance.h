// How far apart the cores of this machine are at the moment; a virtual machine may be moved.
#pragma once

#include <chrono>
#include <string>

namespace tokengate::benchmarks {

/// A cache line's way from one core to another and back; nothing measurable (0) with a single core.
std::chrono::nanoseconds cache_line_round_trip();

/// The same as a sentence for the head of a report: figures of near and far cores must not be compared.
std::string describe_core_distance();

}  // namespace tokengate::benchmarks
