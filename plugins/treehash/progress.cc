#include <tokengate/plugins/treehash/progress.h>

namespace tokengate::treehash {
namespace {

std::string part_of(std::string done, const std::string& all, bool known) {
  return known ? done.append(" of ").append(all) : done;
}

void append_time_left(std::string& text, std::optional<std::chrono::seconds> left) {
  if (left) text.append(", ").append(report::clock_text(*left)).append(" left");
}

std::string pace(const report::rate& bytes) {
  return ", " + report::bytes_text(static_cast<std::uint64_t>(bytes.per_second())) + "/s";
}

}  // namespace

std::string progress::text(report::rate::clock::time_point now, const tally& done, const totals& all) {
  const std::uint64_t files = done.files.load(std::memory_order_relaxed);
  const std::uint64_t bytes = done.bytes.load(std::memory_order_relaxed);
  const std::uint64_t all_files = all.files.load(std::memory_order_relaxed);
  const std::uint64_t all_bytes = all.bytes.load(std::memory_order_relaxed);
  const bool known = all.complete.load(std::memory_order_relaxed);
  bytes_.sample(now, bytes);
  std::string line = part_of(report::count_text(files), report::count_text(all_files), known) + " files, " +
                     part_of(report::bytes_text(bytes), report::bytes_text(all_bytes), known) + pace(bytes_);
  if (known) append_time_left(line, bytes_.time_left(all_bytes));
  return line;
}

std::string progress::text(report::rate::clock::time_point now, const tally& done, const list_progress& list) {
  const std::uint64_t bytes = done.bytes.load(std::memory_order_relaxed);
  const std::uint64_t size = list.size.load(std::memory_order_relaxed);
  bytes_.sample(now, bytes);
  list_.sample(now, list.taken.load(std::memory_order_relaxed));
  std::string line = report::count_text(done.files.load(std::memory_order_relaxed)) + " files, " +
                     report::bytes_text(bytes) + pace(bytes_);
  if (size != 0) append_time_left(line, list_.time_left(size));
  return line;
}

}  // namespace tokengate::treehash
