#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include <tokengate/core/error.h>
#include <tokengate/core/operation_table.h>

namespace tokengate {
namespace {

// A node has 16 bits for the number of its operation, which is its index + 1.
constexpr std::size_t most_operations = 65'535;

struct table {
  std::mutex guard;
  std::vector<operation_record*> records;
};

// Registries are closed by static initialisers of other units, and tokens may still look up while statics are
// destroyed: the table is made at first use and outlives everything.
table& the_table() {
  static table* const instance = new table;
  return *instance;
}

// Written before `main` only. Constant-initialised: the units of the lane set and of the application come in any order.
constinit std::span<const std::string_view> the_lanes;

std::uint8_t number_of(std::string_view lane) noexcept {
  const auto found = std::find(the_lanes.begin(), the_lanes.end(), lane);
  return found == the_lanes.end() ? 0 : static_cast<std::uint8_t>(found - the_lanes.begin() + 1);
}

}  // namespace

// What every operation object stands for (see macros.h): the objects are empty, one byte serves them all.
extern "C" {
extern const unsigned char tokengate_operation_object;
const unsigned char tokengate_operation_object = 0;
}

std::size_t operation_count() noexcept {
  table& all = the_table();
  const std::lock_guard lock(all.guard);
  return all.records.size();
}

const operation_record& operation_at(std::size_t index) noexcept {
  table& all = the_table();
  const std::lock_guard lock(all.guard);
  return *all.records[index];
}

const operation_info& operation_facts(std::size_t number) noexcept {
  static constexpr operation_info submitted{.name = "submit"};
  return number == 0 ? submitted : operation_at(number - 1).info;
}

std::string_view operation_name(std::size_t number) noexcept { return operation_facts(number).name; }

std::span<const std::string_view> lane_names() noexcept { return the_lanes; }

std::uint8_t lane_number(std::string_view name) {
  if (const auto number = number_of(name); number != 0) return number;
  std::string linked;
  for (const std::string_view each : the_lanes) (linked += linked.empty() ? "" : ", ") += each;
  throw misuse("lane '" + std::string(name) + "' is not linked into this program, which has " +
               (linked.empty() ? "none" : linked) +
               "; correct the name, or add the lane to the program's tokengate_lane_set");
}

bool detail::know_lanes(std::span<const std::string_view> names) noexcept {
  table& all = the_table();
  const std::lock_guard lock(all.guard);
  the_lanes = names;
  for (operation_record* record : all.records)
    record->lane.store(number_of(record->info.lane), std::memory_order_relaxed);
  return true;
}

bool detail::enroll(std::span<operation_record* const> records) {
  table& all = the_table();
  const std::lock_guard lock(all.guard);
  for (operation_record* record : records) {
    if (record->index.load(std::memory_order_relaxed) >= 0) continue;  // written under this lock only
    if (all.records.size() == most_operations)
      throw misuse("this program has more than " + std::to_string(most_operations) + " operations; tokens cannot tell");
    all.records.push_back(record);
    record->lane.store(number_of(record->info.lane), std::memory_order_relaxed);
    record->index.store(static_cast<std::int32_t>(all.records.size() - 1), std::memory_order_release);
  }
  return true;
}

}  // namespace tokengate
