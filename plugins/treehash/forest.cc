#include <algorithm>

#include <tokengate/plugins/treehash/checksum_line.h>
#include <tokengate/plugins/treehash/forest.h>

namespace tokengate::treehash {

void write_lines(const forest& found, buffered_writer& out, const std::function<bool()>& stopping) {
  std::vector<std::unique_ptr<listing_cursor>> cursors;
  const auto add = [&cursors](const listing& list, std::string prefix) {
    auto cursor = std::make_unique<listing_cursor>(list, std::move(prefix));
    if (cursor->next()) cursors.push_back(std::move(cursor));
  };
  add(*found.files, "");
  for (const tree& each : found.trees) add(*each.top, directory_prefix(each.spelled));

  // Paths may overlap, as in `a a/b`: a heap of cursors brings all of them into one order.
  const auto later = [](const auto& a, const auto& b) { return a->path() > b->path(); };
  std::make_heap(cursors.begin(), cursors.end(), later);
  std::string last;
  while (!cursors.empty() && !stopping()) {
    std::pop_heap(cursors.begin(), cursors.end(), later);
    listing_cursor& first = *cursors.back();
    if (first.path() != last) append_line(out.text(), first.digest(), first.path());
    out.flush_if_full();
    if (cursors.size() > 1) last = first.path();  // alone, a cursor names nothing twice
    if (first.next()) {
      std::push_heap(cursors.begin(), cursors.end(), later);
    } else {
      cursors.pop_back();
    }
  }
}

}  // namespace tokengate::treehash
