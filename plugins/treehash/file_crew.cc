#include <utility>

#include <tokengate/plugins/treehash/file_crew.h>

namespace tokengate::treehash {
namespace {

// Enough that idle cores always find some; few enough that a huge directory does not fill the memory with tokens.
constexpr std::size_t most_under_way = 64;

}  // namespace

file_crew::file_crew(job& shared, listing& list, std::string prefix)
    : shared_(shared), list_(list), prefix_(std::move(prefix)) {}

void file_crew::add(listing::index file, const io::file* directory, links symbolic) {
  if (small_.size() == most_under_way) {
    small_.finish_newest(most_under_way / 2, [this](auto which, auto outcome) { settle(which, std::move(outcome)); });
    count();
  }
  small_.add(file, hash_file(shared_.storage, file_request{&shared_, directory, list_.name(file), symbolic}));
}

void file_crew::finish() {
  const auto use = [this](auto which, auto outcome) { settle(which, std::move(outcome)); };
  small_.finish_newest(0, use);
  count();
  big_.finish_newest(0, use);
  count();
}

void file_crew::settle(listing::index file, file_outcome outcome) {
  if (outcome.big != nullptr) {
    big_.add(file, hash_big_file(shared_.storage, big_file_request{&shared_, std::move(outcome.big)}));
  } else if (outcome.hashed()) {
    list_.set_digest(file, outcome.value);
    ++files_;
    bytes_ += outcome.bytes;
  } else if (outcome.problem != nullptr) {
    shared_.complain(prefix_ + list_.name(file), outcome.problem);
  }
}

// Not for each file: the counters are shared by all cores.
void file_crew::count() {
  shared_.done.files.fetch_add(std::exchange(files_, 0), std::memory_order_relaxed);
  shared_.done.bytes.fetch_add(std::exchange(bytes_, 0), std::memory_order_relaxed);
}

}  // namespace tokengate::treehash
