#include <cstdio>
#include <cstdlib>

#include <tokengate/core/launch.h>
#include <tokengate/core/operation_table.h>

namespace tokengate::detail {

void take_times(node& made) noexcept {
  auto& extra = made.extra();
  extra.created = ticks();
  extra.started = extra.ended = 0;
  made.timed = true;
}

void refuse_thread_exit(const node& guilty) noexcept {
  std::fprintf(stderr,
               "tokengate: token %llu of '%s' ended its thread (pthread_exit or pthread_cancel), on which other tokens "
               "live; return from the operation, or throw, instead\n",
               static_cast<unsigned long long>(guilty.id()), operation_name(guilty.operation).data());
  std::abort();
}

void refuse_unregistered(const operation_record& operation) {
  const auto& info = operation.info;
  throw operation_not_registered(
      "operation '" + std::string(info.name) + "' (" + info.file + ":" + std::to_string(info.line) +
      ") is in no closed registry; write TOKENGATE_APPLICATION(name); or TOKENGATE_PLUGIN(name); "
      "after it, in its namespace, in one source file");
}

}  // namespace tokengate::detail
