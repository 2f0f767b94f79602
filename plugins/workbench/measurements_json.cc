// The JSON of measurements.
#include <cmath>
#include <cstdint>

#include <boost/json.hpp>

#include <tokengate/plugins/workbench/measurements.h>

namespace tokengate::workbench {
namespace {

namespace json = boost::json;

json::value number(double value, unit as) {
  if (!std::isfinite(value)) return nullptr;
  if (as == unit::count || as == unit::bytes) return static_cast<std::int64_t>(std::llround(value));
  return value;
}

json::value of(const cell& value, unit as) {
  if (const auto* const text = std::get_if<std::string>(&value)) return json::string(*text);
  if (const auto* const given = std::get_if<double>(&value)) return number(*given, as);
  return nullptr;
}

// A setting has no unit: a whole number is one.
json::value of(const cell& value) {
  const auto* const given = std::get_if<double>(&value);
  return of(value, given != nullptr && *given == std::floor(*given) ? unit::count : unit::times);
}

json::value of(const std::optional<figure>& theirs, unit as) {
  if (!theirs) return nullptr;
  return json::object{{"low", number(theirs->low, as)}, {"high", number(theirs->high, as)}};
}

json::value of(const std::optional<double>& ratio) { return ratio ? json::value(*ratio) : json::value(nullptr); }

}  // namespace

std::string measurements::json(bool complete, const std::string& complaint) const {
  json::object settings;
  for (const auto& [key, value] : settings_) settings[key] = of(value);
  json::array rows;
  for (const auto& each : rows_) {
    json::object line;
    for (std::size_t i = 0; i < columns_.size(); ++i) line[columns_[i].key] = of(each.cells[i], columns_[i].shown);
    line["predecessor"] = of(each.beside.theirs, compared_);
    line["times_better"] = of(each.beside.ratio());
    rows.push_back(std::move(line));
  }
  json::object summary;
  for (const auto& each : summary_) {
    summary[each.key] = {{"value", number(each.beside.ours, each.as)},
                         {"predecessor", of(each.beside.theirs, each.as)},
                         {"times_better", of(each.beside.ratio())}};
  }
  const json::object all{{"workload", workload_},  {"complete", complete}, {"correct", complaint.empty()},
                         {"complaint", complaint}, {"settings", settings}, {"rows", rows},
                         {"summary", summary}};
  return json::serialize(all) + '\n';
}

}  // namespace tokengate::workbench
