#include <cstdio>

#include <tokengate/core/export_words.h>
#include <tokengate/core/registry_export.h>

namespace tokengate {
namespace {

using detail::word_for;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  detail::for_each_letter(text, [&out](std::string_view letter) {
    if (letter == "\"" || letter == "\\") {
      (out += '\\') += letter;
    } else if (static_cast<unsigned char>(letter.front()) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(letter.front()));
      out += escape.data();
    } else {
      out += letter;
    }
  });
  return out += '"';
}

template <class Range, class Text>
std::string in_line(const Range& range, Text text_of) {
  std::string out;
  for (const auto& each : range) (out += out.empty() ? "[" : ", ") += text_of(each);
  return out.empty() ? "[]" : out += ']';
}
template <class Range, class Text>
std::string by_line(const Range& range, Text text_of) {
  std::string out;
  for (const auto& each : range) (out += out.empty() ? "[\n  " : ",\n  ") += text_of(each);
  return out.empty() ? "[]" : out += "\n]";
}

std::string json_of(const operation_info& info) {
  const attributes& tags = info.attributes;
  std::string out = "{\"name\": " + quoted(info.name);
  const auto add = [&out](std::string_view key, const std::string& value) {
    ((out += ", \"") += key) += "\": ";
    out += value;
  };
  add("namespace", quoted(info.scope()));
  add("file", quoted(info.file));
  add("line", std::to_string(info.line));
  add("weight", quoted(word_for(detail::weight_words, tags.weight)));
  if (tags.touches_storage()) add("storage_speed", quoted(word_for(detail::storage_words, tags.storage)));
  if (tags.anchored) {
    add("sticky_anchor", quoted(info.anchor));
    add("hash_policy", quoted(word_for(detail::hash_words, tags.hash_policy)));
    add("exclusive", tags.exclusive ? "true" : "false");
  }
  if (tags.lead) {
    add("external_calls", in_line(info.calls, quoted));
    add("digest_policy", quoted(word_for(detail::digest_words, tags.digest_policy)));
    add("domain", quoted(word_for(detail::domain_words, tags.domain)));
  }
  if (!info.lane.empty()) add("lane", quoted(info.lane));
  if (info.timeout.count() > 0) add("timeout_ns", std::to_string(info.timeout.count()));
  return out += '}';
}

std::string json_of(const detail::served_lane& lane) {
  const auto name_of = [](const operation_info* info) { return quoted(info->name); };
  return "{\"name\": " + (lane.name.empty() ? "null" : quoted(lane.name)) +
         ", \"operations\": " + in_line(lane.operations, name_of) + '}';
}

}  // namespace

std::string to_json(std::span<const operation_info* const> operations, std::span<const std::string_view> lanes) {
  const auto operation_line = [](const operation_info* info) { return json_of(*info); };
  const auto lane_line = [](const detail::served_lane& lane) { return json_of(lane); };
  return "{\"format\": \"tokengate-registry\", \"version\": 1,\n\"operations\": " +
         by_line(operations, operation_line) +
         ",\n\"lanes\": " + by_line(detail::lanes_of(operations, lanes), lane_line) + "}\n";
}

}  // namespace tokengate
