#include <algorithm>
#include <cstring>
#include <iterator>

#include <tokengate/plugins/treehash/listing.h>

namespace tokengate::treehash {
namespace {

constexpr std::size_t first_chunk = 512;
constexpr std::size_t biggest_chunk = std::size_t{64} << 10;

}  // namespace

listing::~listing() {
  std::vector<subdirectory> doomed = std::move(below_);
  while (!doomed.empty()) {
    const auto content = std::move(doomed.back().content);
    doomed.pop_back();
    if (content == nullptr) continue;
    std::move(content->below_.begin(), content->below_.end(), std::back_inserter(doomed));
    content->below_.clear();
  }
}

const char* listing::store(std::string_view name) {
  const std::size_t size = name.size() + 1;
  if (chunk_size_ - chunk_used_ < size) {
    chunk_size_ = std::max(std::clamp(2 * chunk_size_, first_chunk, biggest_chunk), size);
    chunk_used_ = 0;
    names_.push_back(std::make_unique_for_overwrite<char[]>(chunk_size_));
  }
  char* const copy = names_.back().get() + chunk_used_;
  std::memcpy(copy, name.data(), name.size());
  copy[name.size()] = '\0';
  chunk_used_ += size;
  return copy;
}

listing::index listing::add_file(std::string_view name) {
  entries_.push_back({store(name), 0, static_cast<std::uint16_t>(name.size()), kind::unsettled});
  return static_cast<index>(entries_.size() - 1);
}

void listing::set_digest(index file, const digest& value) {
  entries_[file].kind = kind::file;
  entries_[file].place = static_cast<std::uint32_t>(digests_.size() / digest_size_);
  digests_.insert(digests_.end(), value.bytes.begin(), value.bytes.begin() + static_cast<std::ptrdiff_t>(digest_size_));
}

void listing::add_directory(std::string_view name) {
  const auto place = static_cast<std::uint32_t>(below_.size());
  entries_.push_back({store(name), place, static_cast<std::uint16_t>(name.size()), kind::directory});
  below_.push_back({entries_.back().name, nullptr});
}

void listing::set_below(std::size_t directory, std::unique_ptr<listing> content) noexcept {
  below_[directory].content = std::move(content);
}

// Below a directory all paths go on with a slash, so that is what it is sorted by: `a-b` comes before `a/x`.
bool listing::path_before(const item& a, const item& b) noexcept {
  const std::size_t common = std::min(a.length, b.length);
  if (const int order = std::memcmp(a.name, b.name, common); order != 0) return order < 0;
  const auto next = [common](const item& e) -> int {
    if (e.length > common) return static_cast<unsigned char>(e.name[common]);
    return e.kind == kind::directory ? '/' : -1;
  };
  return next(a) < next(b);
}

void listing::seal() {
  std::erase_if(entries_, [](const item& e) { return e.kind == kind::unsettled; });
  std::sort(entries_.begin(), entries_.end(), path_before);
  entries_.shrink_to_fit();
  digests_.shrink_to_fit();
  below_.shrink_to_fit();
}

listing_cursor::listing_cursor(const listing& top, std::string prefix) : path_(std::move(prefix)) {
  levels_.push_back({&top, 0, path_.size()});
}

bool listing_cursor::next() {
  while (!levels_.empty()) {
    level& here = levels_.back();
    const listing& list = *here.list;
    path_.resize(here.prefix);
    if (here.position == list.entries_.size()) {
      levels_.pop_back();
      continue;
    }
    const listing::item& item = list.entries_[here.position++];
    path_.append(item.name, item.length);
    if (item.kind == listing::kind::file) {
      digest_ = std::span(list.digests_).subspan(item.place * list.digest_size_, list.digest_size_);
      return true;
    }
    path_ += '/';
    const listing* const below = list.below_[item.place].content.get();
    if (below != nullptr) levels_.push_back({below, 0, path_.size()});
  }
  return false;
}

std::string directory_prefix(std::string_view root) {
  std::string prefix(root);
  if (!prefix.ends_with('/')) prefix += '/';
  return prefix;
}

}  // namespace tokengate::treehash
