#include <string>

#include <tokengate/core/error.h>
#include <tokengate/core/selection.h>

namespace tokengate::detail {

void no_such_operation_in_this_registry(std::string_view name) {
  throw misuse("the registry has no operation '" + std::string(name) + "'; correct the name, or ask the application " +
               "that names its plugin");
}

}  // namespace tokengate::detail
