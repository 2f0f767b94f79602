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

json::object of(const std::vector<cell>& cells, const std::vector<measure>& columns) {
  json::object line;
  for (std::size_t i = 0; i < columns.size(); ++i) line[columns[i].key] = of(cells[i], columns[i].shown);
  return line;
}

json::value of(const std::optional<double>& ratio) { return ratio ? json::value(*ratio) : json::value(nullptr); }

}  // namespace

std::string measurements::json(bool complete, const std::string& complaint) const {
  json::object settings;
  for (const auto& [key, value] : settings_) settings[key] = of(value);
  json::array rows;
  for (const auto& each : rows_) {
    json::object line = of(each.cells, columns_);
    if (compared_) {
      line["predecessor"] = of(each.beside.theirs, *compared_);
      line["times_better"] = of(each.beside.ratio());
    }
    rows.push_back(std::move(line));
  }
  json::object summary;
  for (const auto& each : summary_) {
    json::object facts{{"value", number(each.beside.ours, each.as)}};
    if (compared_) {
      facts["predecessor"] = of(each.beside.theirs, each.as);
      facts["times_better"] = of(each.beside.ratio());
    }
    summary[each.key] = std::move(facts);
  }
  json::object all{{"workload", workload_},  {"complete", complete}, {"correct", complaint.empty()},
                   {"complaint", complaint}, {"settings", settings}, {"rows", rows},
                   {"summary", summary}};
  for (const auto& each : lists_) {
    json::array lines;
    for (const auto& cells : each.rows) lines.push_back(of(cells, each.columns));
    all[each.key] = std::move(lines);
  }
  return json::serialize(all) + '\n';
}

}  // namespace tokengate::workbench
