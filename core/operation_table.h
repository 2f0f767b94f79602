// The operations of this program that stand in a closed registry, each with a dense index. It fills during static
// initialisation and never shrinks. Every function here may be called from any thread and takes a short lock: look up
// once and keep what you found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <tokengate/core/operation_info.h>

namespace tokengate {

/// How many operations are enrolled; their indices are 0 .. operation_count() - 1.
std::size_t operation_count() noexcept;

/// The operation with this index, which must be below `operation_count()`. The record lives as long as the program.
const operation_record& operation_at(std::size_t index) noexcept;

/// Of the operation with index `number - 1`; for 0 those of callables that are no operations: their name is "submit".
const operation_info& operation_facts(std::size_t number) noexcept;
/// Of the operation with index `number - 1`; "submit" for 0, which stands for callables that are no operations.
std::string_view operation_name(std::size_t number) noexcept;

/// The lanes of this program by name, in the order of their numbers. The program's lane set (rules.bzl) makes them
/// known before `main`; empty in a program without one.
std::span<const std::string_view> lane_names() noexcept;

/// What attributes::lane holds for a token that names its lane: the place of the name + 1. Throws misuse when the
/// program does not link that lane. Takes no lock; linear in the number of lanes.
std::uint8_t lane_number(std::string_view name);

namespace detail {

/// For the generated lane set, once, before `main`: the names live as long as the program.
bool know_lanes(std::span<const std::string_view> names) noexcept;

/// Gives every record its index. A record that already has one keeps it: enrolling it again is harmless.
bool enroll(std::span<operation_record* const> records);

}  // namespace detail
}  // namespace tokengate
