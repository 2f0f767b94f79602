// The flow charts of registry_export.h, in the language of Mermaid.
#include <algorithm>

#include <tokengate/core/export_words.h>
#include <tokengate/core/registry_export.h>

namespace tokengate {
namespace {

using detail::word_for;

/// Text between the quotation marks of a label. What could end it, or mean something to Mermaid or to HTML, is written
/// as its number; a control character as the sign that Unicode has for it.
std::string label(std::string_view text) {
  std::string out;
  detail::for_each_letter(text, [&out](std::string_view letter) {
    const auto first = static_cast<unsigned char>(letter.front());
    if (first < 0x20 || first == 0x7F)
      out += '#' + std::to_string(first == 0x7F ? 0x2421 : 0x2400 + first) + ';';
    else if (letter.find_first_of("\"#&<>\\`") == 0)
      out += '#' + std::to_string(first) + ';';
    else
      out += letter;
  });
  return out;
}

/// What arrows are drawn between. Mermaid reads some words as its own and knows few letters, hence the prefix, and a
/// number in place of a name with other letters (no name begins with a digit).
std::string node_of(std::string_view name, std::size_t number) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  const bool usual = !name.empty() && name.find_first_not_of(plain) == name.npos && (name[0] < '0' || name[0] > '9');
  return "operation_" + (usual ? std::string(name) : std::to_string(number));
}

/// Every name that is drawn, and its place here.
class nodes {
 public:
  explicit nodes(std::span<const operation_info* const> operations) {
    for (const operation_info* const info : operations) names_.push_back(info->name);
    inside_ = names_.size();
    for (const operation_info* const info : operations)
      for (const std::string_view callee : info->calls)
        if (std::ranges::find(names_, callee) == names_.end()) names_.push_back(callee);
  }

  [[nodiscard]] std::string of(std::string_view name) const {
    return node_of(name, static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin()));
  }
  /// Those that are called and not among the operations.
  [[nodiscard]] std::span<const std::string_view> outside() const { return std::span(names_).subspan(inside_); }

 private:
  std::vector<std::string_view> names_;
  std::size_t inside_ = 0;
};

std::string box_of(const operation_info& info, const std::string& node, bool with_lane) {
  const attributes& tags = info.attributes;
  std::string out = "  " + node + "[\"" + label(info.name) + "<br/>";
  out += word_for(detail::weight_words, tags.weight);
  if (tags.touches_storage()) (out += ", storage ") += word_for(detail::storage_words, tags.storage);
  if (tags.anchored) out += (tags.exclusive ? ", exclusive anchor " : ", anchor ") + label(info.anchor);
  if (with_lane && !info.lane.empty()) out += ", lane " + label(info.lane);
  return out += "\"]\n";
}

}  // namespace

std::string to_mermaid(std::span<const operation_info* const> operations) {
  const nodes names(operations);
  std::vector<std::string_view> scopes;
  for (const operation_info* const info : operations)
    if (std::ranges::find(scopes, info->scope()) == scopes.end()) scopes.push_back(info->scope());

  std::string out = "flowchart LR\n";
  for (std::size_t number = 0; number < scopes.size(); ++number) {
    const bool framed = scopes.size() > 1 && !scopes[number].empty();
    if (framed) out += "  subgraph namespace_" + std::to_string(number) + "[\"" + label(scopes[number]) + "\"]\n";
    for (const operation_info* const info : operations)
      if (info->scope() == scopes[number]) out += box_of(*info, names.of(info->name), true);
    if (framed) out += "  end\n";
  }
  for (const std::string_view name : names.outside())
    out += "  " + names.of(name) + "[\"" + label(name) + "\"]:::outside\n";
  for (const operation_info* const info : operations)
    for (const std::string_view callee : info->calls)
      out += "  " + names.of(info->name) + " --> " + names.of(callee) + '\n';
  if (!names.outside().empty()) out += "  classDef outside stroke-dasharray: 4\n";
  return out;
}

std::string lanes_to_mermaid(std::span<const operation_info* const> operations,
                             std::span<const std::string_view> lanes) {
  const nodes names(operations);
  const auto served = detail::lanes_of(operations, lanes);
  std::string out = "flowchart LR\n";
  for (std::size_t number = 0; number < served.size(); ++number)
    out += "  lane_" + std::to_string(number) + "([\"" +
           (served[number].name.empty() ? "the default lane" : label(served[number].name)) + "\"])\n";
  for (const operation_info* const info : operations) out += box_of(*info, names.of(info->name), false);
  for (std::size_t number = 0; number < served.size(); ++number)
    for (const operation_info* const info : served[number].operations)
      out += "  lane_" + std::to_string(number) + " --> " + names.of(info->name) + '\n';
  return out;
}

}  // namespace tokengate
