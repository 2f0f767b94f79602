#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/forest_walk.h>

namespace tokengate::treehash {
namespace {

constexpr std::size_t most_under_way = 16;

}  // namespace

forest_walk::forest_walk(job& shared)
    : shared_(shared),
      found_{std::make_unique<listing>(facts(shared.kind).digest_size), {}},
      named_files_(shared, *found_.files, "") {}

forest forest_walk::run(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    // A root is opened only when those before it have been sent out for, so that few are open at once.
    while (!unread_.empty() || under_way_.size() == most_under_way) advance();
    if (!shared_.stopping()) begin(path);
  }
  while (!unread_.empty() || !under_way_.empty()) advance();
  named_files_.finish();
  found_.files->seal();
  return std::move(found_);
}

void forest_walk::begin(const std::string& path) {
  try {
    auto named = io::file::open(path.c_str(), O_PATH);
    if (S_ISDIR(named.status().st_mode)) {
      send({std::make_shared<tree_root>(path, std::move(named)), "", nullptr, 0});
    } else {
      named_files_.add(found_.files->add_file(path), nullptr, links::followed);
    }
  } catch (const io::io_error& failure) {
    shared_.done.missing_path.store(true, std::memory_order_relaxed);
    shared_.complain(path, reason_of(failure.code()));
  }
}

void forest_walk::advance() {
  if (shared_.stopping()) unread_.clear();
  while (!unread_.empty() && under_way_.size() < most_under_way) {
    unread& above = unread_.back();
    const std::size_t directory = above.next++;
    place where{above.root, above.path + above.list->directory_name(directory), above.list, directory};
    if (above.next == above.list->directories()) unread_.pop_back();
    send(std::move(where));
  }
  under_way_.finish_ended(
      [this](const place& where, std::unique_ptr<listing> list) { settle(where, std::move(list)); });
}

void forest_walk::send(place where) {
  auto reading = hash_directory(shared_.storage, directory_request{&shared_, where.root.get(), where.path});
  under_way_.add(std::move(where), std::move(reading));
}

void forest_walk::settle(const place& where, std::unique_ptr<listing> list) {
  if (list == nullptr) return;
  if (list->directories() > 0) {
    unread_.push_back({where.root, where.path.empty() ? "" : where.path + '/', list.get(), 0});
  }
  if (where.above != nullptr) {
    where.above->set_below(where.directory, std::move(list));
  } else {
    found_.trees.push_back({where.root->spelled, std::move(list)});
  }
}

}  // namespace tokengate::treehash
