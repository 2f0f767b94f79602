#include <array>
#include <cstdio>
#include <string_view>

#include <tokengate/core/registry_export.h>

namespace tokengate {
namespace {

constexpr std::array<std::string_view, 3> weights{"light", "medium", "heavy"};
constexpr std::array<std::string_view, 5> tiers{"", "slow", "moderate", "fast", "insane"};
constexpr std::array<std::string_view, 2> domains{"bound", "preferred"};
constexpr std::array<std::string_view, 4> hashes{"none", "fast", "standard", "full"};
constexpr std::array<std::string_view, 4> digests{"full", "short", "fast", "minimal"};

template <class Names, class Value>
std::string_view word(const Names& names, Value value) {
  return names[static_cast<std::size_t>(value)];
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      (out += '\\') += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(letter));
      out += escape.data();
    } else {
      out += letter;
    }
  }
  return out += '"';
}

std::string json_of(const operation_info& info) {
  const attributes& tags = info.attributes;
  std::string out = "{\"name\": " + quoted(info.name) + ", \"file\": " + quoted(info.file) +
                    ", \"line\": " + std::to_string(info.line) + ", \"weight\": " + quoted(word(weights, tags.weight));
  const auto add = [&out](std::string_view key, const std::string& value) {
    ((out += ", \"") += key) += "\": ";
    out += value;
  };
  if (tags.touches_storage()) add("storage_speed", quoted(word(tiers, tags.storage)));
  if (tags.anchored) {
    add("sticky_anchor", quoted(info.anchor));
    add("hash_policy", quoted(word(hashes, tags.hash_policy)));
  }
  if (tags.lead) {
    std::string names;
    for (const std::string_view name : info.calls) names += (names.empty() ? "" : ", ") + quoted(name);
    add("external_calls", '[' + names + ']');
    add("digest_policy", quoted(word(digests, tags.digest_policy)));
    add("domain", quoted(word(domains, tags.domain)));
  }
  if (!info.lane.empty()) add("lane", quoted(info.lane));
  if (info.timeout.count() > 0) add("timeout_ns", std::to_string(info.timeout.count()));
  return out += '}';
}

}  // namespace

std::string to_json(std::span<const operation_info* const> operations) {
  std::string out = "{\"operations\": [";
  for (const operation_info* const info : operations) {
    out += info == operations.front() ? "\n  " : ",\n  ";
    out += json_of(*info);
  }
  return out += operations.empty() ? "]}\n" : "\n]}\n";
}

std::string to_mermaid(std::span<const operation_info* const> operations) {
  std::string out = "flowchart LR\n";
  for (const operation_info* const info : operations) {
    ((out += "  operation_") += info->name) += "[\"";  // a prefix, for some words mean something to Mermaid
    ((out += info->name) += "<br/>") += word(weights, info->attributes.weight);
    if (info->attributes.touches_storage()) (out += ", storage ") += word(tiers, info->attributes.storage);
    if (info->attributes.anchored) (out += ", anchor ") += info->anchor;
    if (!info->lane.empty()) (out += ", lane ") += info->lane;
    out += "\"]\n";
  }
  for (const operation_info* const info : operations)
    for (const std::string_view callee : info->calls)
      ((((out += "  operation_") += info->name) += " --> operation_") += callee) += '\n';
  return out;
}

}  // namespace tokengate
