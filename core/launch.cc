#include <tokengate/core/launch.h>

namespace tokengate::detail {

void refuse_unregistered(const operation_record& operation) {
  const auto& info = operation.info;
  throw operation_not_registered(
      "operation '" + std::string(info.name) + "' (" + info.file + ":" + std::to_string(info.line) +
      ") is in no closed registry; write TOKENGATE_APPLICATION(name); or TOKENGATE_PLUGIN(name); "
      "after it, in its namespace, in one source file");
}

}  // namespace tokengate::detail
