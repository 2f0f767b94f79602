#include <algorithm>
#include <array>

#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/directory_reader.h>
#include <tokengate/plugins/treehash/file_crew.h>
#include <tokengate/plugins/treehash/forest_walk.h>
#include <tokengate/plugins/treehash/operations.h>

namespace tokengate::treehash {

std::size_t read_into_buffer(const block_request& request) {
  const big_file& big = *request.file;
  const std::uint64_t offset = request.block * block_size;
  const std::uint64_t rest = big.file.size() - offset;
  return big.file.read_at(big.buffer(request.block).first(std::min<std::uint64_t>(rest, block_size)), offset);
}

file_outcome hash_overlapped(const big_file_request& request) {
  job& shared = *request.shared;
  const big_file& big = *request.file;
  const std::uint64_t blocks = (big.file.size() + block_size - 1) / block_size;
  std::array<token<std::size_t>, big_file::depth> reads;
  std::uint64_t started = 0;
  const auto start_reading_until = [&](std::uint64_t end) {
    for (; started < std::min(end, blocks); ++started) {
      reads[started % reads.size()] = read_block(shared.storage, block_request{request.file, started});
    }
  };
  try {
    hasher hash(shared.kind);
    for (std::uint64_t block = 0; block < blocks; ++block) {
      // Half of the ring at once: a core that helps is woken less often.
      if (started < block + reads.size() / 2) start_reading_until(block + reads.size());
      const std::size_t got = reads[block % reads.size()].get();
      if (shared.stopping()) return {};
      hash.update(big.buffer(block).first(got));
      shared.done.bytes.fetch_add(got, std::memory_order_relaxed);
    }
    return finished(big.file, hash);
  } catch (const io::io_error& failure) {
    file_outcome outcome;
    outcome.problem = reason_of(failure.code());
    return outcome;
  }
}

std::unique_ptr<listing> hash_entries(const directory_request& request) {
  job& shared = *request.shared;
  if (shared.stopping()) return nullptr;
  auto list = std::make_unique<listing>(facts(shared.kind).digest_size);
  const std::string& root = request.root->spelled;
  const std::string path = request.path.empty() ? root : directory_prefix(root) + request.path;
  try {
    directory_reader reader(request.root->directory, request.path);
    const std::string prefix = directory_prefix(path);
    file_crew crew(shared, *list, prefix);
    while (const auto* const found = shared.stopping() ? nullptr : reader.next()) {
      if (S_ISREG(found->kind)) {
        crew.add(list->add_file(found->name), &reader.directory(), links::refused);
      } else if (S_ISDIR(found->kind)) {
        list->add_directory(found->name);
      } else if (found->kind != 0 && !S_ISLNK(found->kind)) {
        shared.complain(prefix + found->name, why_not_hashed(found->kind));
      }
    }
    crew.finish();
  } catch (const io::io_error& failure) {
    shared.complain(path, reason_of(failure.code()));
  }
  list->seal();
  return list;
}

TOKENGATE_DEFINE(forest, hash_forest, (forest_request request)) {
  return forest_walk(*request.shared).run(request.paths);
}

}  // namespace tokengate::treehash
