#include <cerrno>
#include <cstring>

#include <unistd.h>

#include <tokengate/core/this_token.h>
#include <tokengate/io/blocking.h>
#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/file_hash.h>
#include <tokengate/plugins/treehash/toolkit.h>

namespace tokengate::treehash {
namespace {

// From here on a file is worth tokens of its own for its blocks.
constexpr std::uint64_t big_from = std::uint64_t{4} << 20;
// So often a long file lets others run.
constexpr std::uint64_t blocks_per_turn = 32;

file_outcome hash_in_one_go(toolkit& tools, const source& file) {
  const auto content = tools.buffer().first(static_cast<std::size_t>(file.size()));
  const std::size_t got = file.read_at(content, 0);
  file_outcome outcome;
  if (file.changed()) {
    outcome.problem = "changed while it was read";
  } else {
    outcome.value = tools.hash.digest_of(content.first(got));
    outcome.bytes = got;
  }
  return outcome;
}

// Also for files that say they are empty and are not, as in /proc.
file_outcome hash_by_blocks(job& shared, toolkit& tools, const source& file) {
  std::uint64_t offset = 0;
  for (std::uint64_t block = 1;; ++block) {
    const std::size_t got = file.read_at(tools.buffer(), offset);
    tools.hash.update(tools.buffer().first(got));
    offset += got;
    shared.done.bytes.fetch_add(got, std::memory_order_relaxed);
    if (got < block_size || (file.size() != 0 && offset > file.size())) break;
    if (shared.stopping()) {
      static_cast<void>(tools.hash.finish());
      return {};
    }
    if (block % blocks_per_turn == 0) this_token::yield();
  }
  return finished(file, tools.hash);
}

file_outcome read_and_hash(job& shared, int descriptor) {
  toolkit tools(shared.kind);
  file_outcome outcome;
  for (;;) {
    const auto got = ::read(descriptor, tools.buffer().data(), tools.buffer().size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) outcome.problem = reason_of(errno);
    if (got < 0 || shared.stopping()) return outcome;
    if (got == 0) break;
    tools.hash.update(tools.buffer().first(static_cast<std::size_t>(got)));
    shared.done.bytes.fetch_add(static_cast<std::uint64_t>(got), std::memory_order_relaxed);
  }
  outcome.value = tools.hash.finish();
  return outcome;
}

}  // namespace

file_outcome hash_or_defer(const file_request& request) {
  job& shared = *request.shared;
  file_outcome outcome;
  if (shared.stopping()) return outcome;
  try {
    source file = source::open(request.directory, request.path, request.symbolic);
    if (!file.regular()) {
      const mode_t mode = file.status().st_mode;
      if (request.streams && !S_ISDIR(mode)) return hash_stream(shared, file.descriptor());
      outcome.problem = why_not_hashed(mode);
      return outcome;
    }
    if (shared.output != nullptr && shared.output->is(file.status())) return outcome;
    if (file.size() >= big_from) outcome.big = shared.big_files.try_make(file);
    if (outcome.big != nullptr) return outcome;
    borrowed_toolkit tools(shared.kind);
    const bool short_one = file.size() != 0 && file.size() <= block_size;
    return short_one ? hash_in_one_go(*tools, file) : hash_by_blocks(shared, *tools, file);
  } catch (const io::io_error& failure) {
    outcome.problem = reason_of(failure.code());
    outcome.missing = failure.code() == ENOENT;
    return outcome;
  }
}

file_outcome hash_stream(job& shared, int descriptor) {
  return io::blocking([&shared, descriptor] { return read_and_hash(shared, descriptor); });
}

file_outcome finished(const source& file, hasher& hash) {
  file_outcome outcome;
  outcome.value = hash.finish();
  if (file.changed()) {
    outcome.value = {};
    outcome.problem = "changed while it was read";
  }
  return outcome;
}

const char* reason_of(int error_number) noexcept {
  const char* const reason = ::strerrordesc_np(error_number);
  return reason != nullptr ? reason : "unknown error";
}

}  // namespace tokengate::treehash
