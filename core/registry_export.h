// A registry as text for people and for other programs: docs/registry.md describes the formats. Everything here takes
// what is to be shown as facts, or as whatever has infos(): a registry, or a selection of one.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>

#include <tokengate/core/operation_info.h>

namespace tokengate {

/// As JSON in UTF-8, operations in the given order, then the lanes that they or `lanes` name, each with its operations.
/// Bytes of names that are no UTF-8 become U+FFFD.
std::string to_json(std::span<const operation_info* const> operations, std::span<const std::string_view> lanes = {});

/// Who calls whom as a Mermaid flow chart: a node for each operation, a dashed one for each that is called but not
/// among them, a frame for each namespace if there are several, an arrow for each name in external_calls.
std::string to_mermaid(std::span<const operation_info* const> operations);

/// Which lane serves which operations as a Mermaid flow chart: a node for each lane that they or `lanes` name, an arrow
/// to each of its operations.
std::string lanes_to_mermaid(std::span<const operation_info* const> operations,
                             std::span<const std::string_view> lanes = {});

template <class T>
concept has_infos = requires(const T& operations) {
  { operations.infos() } -> std::convertible_to<std::span<const operation_info* const>>;
};

std::string to_json(const has_infos auto& operations, std::span<const std::string_view> lanes = {}) {
  const auto infos = operations.infos();
  return to_json(std::span<const operation_info* const>(infos), lanes);
}
std::string to_mermaid(const has_infos auto& operations) {
  const auto infos = operations.infos();
  return to_mermaid(std::span<const operation_info* const>(infos));
}
std::string lanes_to_mermaid(const has_infos auto& operations, std::span<const std::string_view> lanes = {}) {
  const auto infos = operations.infos();
  return lanes_to_mermaid(std::span<const operation_info* const>(infos), lanes);
}

}  // namespace tokengate
