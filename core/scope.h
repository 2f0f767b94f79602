// The namespace in which an operation is declared.
#pragma once

#include <cstddef>
#include <string_view>

namespace tokengate::detail {

/// As the user would write it, "a::b", and empty for the global one; an unnamed namespace ends it. Read from how the
/// compiler spells the type: "... Facts = a::b::tokengate_operation_NAME_LINE...".
template <class Facts>
constexpr std::string_view scope_of() {
  std::string_view scope = __PRETTY_FUNCTION__;
  scope.remove_prefix(scope.find("Facts = ") + 8);
  scope = scope.substr(0, scope.find("tokengate_operation_"));
  for (const std::string_view unnamed : {"{anonymous}", "(anonymous namespace)"})
    scope = scope.substr(0, scope.find(unnamed));
  if (scope.ends_with("::")) scope.remove_suffix(2);
  return scope;
}

}  // namespace tokengate::detail
