#include <boost/json.hpp>

#include <tokengate/plugins/history/history.h>
#include <tokengate/plugins/report/output.h>

namespace tokengate::history {
namespace {

namespace json = boost::json;
using clock = std::chrono::system_clock;

template <class Duration>
double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

json::object of(const recent_execution& each) {
  return {{"token_id", std::to_string(each.token)},  // text: numbers of JSON end at 2^53 for many readers
          {"method_name", each.operation},
          {"success", each.end == token_state::completed},
          {"execution_time", seconds(each.run_time)},
          {"timestamp", seconds(each.ended.time_since_epoch())},
          {"core_id", each.core},
          {"worker_id", each.worker_name()},
          {"operation_type", each.operation},
          {"state", to_string(each.end)},
          {"queue_wait", seconds(each.queue_wait)}};
}

}  // namespace

std::string to_json(std::span<const recent_execution> executions, clock::time_point when) {
  json::array all;
  for (const auto& each : executions) all.push_back(of(each));
  return json::serialize(json::object{{"timestamp", seconds(when.time_since_epoch())},
                                      {"total_executions", executions.size()},
                                      {"executions", std::move(all)}}) +
         '\n';
}

std::string dump(const coordinator& system, const std::string& folder, std::size_t most) {
  const auto now = clock::now();
  const auto unix_time = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  report::replaced_file file(folder + "/execution_history_" + std::to_string(unix_time) + ".json");
  report::buffered_writer writer(file.descriptor(), file.path());
  writer.text() = to_json(system.recent(most), now);
  writer.flush();
  file.commit();
  return file.path();
}

}  // namespace tokengate::history
