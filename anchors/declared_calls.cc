#include <unordered_map>

#include <tokengate/anchors/declared_calls.h>
#include <tokengate/core/operation_table.h>

namespace tokengate::anchors {

declared_calls::declared_calls() {
  const std::size_t count = operation_count();
  words_ = (count + 64) / 64;
  rows_.assign(count + 1, nobody);
  // Operations of several registries may share a name; then all of them are meant.
  std::unordered_multimap<std::string_view, std::size_t> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.emplace(operation_at(i).info.name, i + 1);
  std::size_t leads = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& info = operation_at(i).info;
    if (!info.attributes.lead) continue;
    rows_[i + 1] = leads++;
    bits_.resize(leads * words_);
    for (const auto name : info.calls)
      for (auto [each, end] = numbers.equal_range(name); each != end; ++each) {
        const std::size_t bit = rows_[i + 1] * words_ * 64 + each->second;
        bits_[bit / 64] |= std::uint64_t{1} << bit % 64;
      }
  }
}

std::atomic<std::uint64_t>& declared_calls::undeclared(std::uint32_t lead, std::uint32_t child) {
  const std::scoped_lock lock(mutex_);
  return undeclared_[{lead, child}];
}

std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> declared_calls::undeclared() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> all;
  // Relaxed: a count for people; nothing is read because of it.
  for (const auto& [calls, count] : undeclared_) all.emplace(calls, count.load(std::memory_order_relaxed));
  return all;
}

}  // namespace tokengate::anchors
