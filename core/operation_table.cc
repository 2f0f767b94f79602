#include <mutex>
#include <vector>

#include <tokengate/core/operation_table.h>

namespace tokengate {
namespace {

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

std::string_view operation_name(std::size_t number) noexcept {
  return number == 0 ? std::string_view("submit") : operation_at(number - 1).info.name;
}

bool detail::enroll(std::span<operation_record* const> records) {
  table& all = the_table();
  const std::lock_guard lock(all.guard);
  for (operation_record* record : records) {
    if (record->index.load(std::memory_order_relaxed) >= 0) continue;  // written under this lock only
    all.records.push_back(record);
    record->index.store(static_cast<std::int32_t>(all.records.size() - 1), std::memory_order_release);
  }
  return true;
}

}  // namespace tokengate
