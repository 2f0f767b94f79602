#include <exception>
#include <vector>

#include <tokengate/plugins/treehash/big_file.h>
#include <tokengate/plugins/treehash/toolkit.h>

namespace tokengate::treehash {
namespace {

constexpr std::size_t most_kept = 16;  // 4 MiB a thread

std::vector<std::unique_ptr<toolkit>>& kept() {
  thread_local std::vector<std::unique_ptr<toolkit>> idle;
  return idle;
}

}  // namespace

toolkit::toolkit(algorithm wanted)
    : kind(wanted), hash(wanted), memory(std::make_unique_for_overwrite<std::byte[]>(block_size)) {}

std::span<std::byte> toolkit::buffer() const noexcept { return {memory.get(), block_size}; }

borrowed_toolkit::borrowed_toolkit(algorithm kind) {
  auto& idle = kept();
  while (!idle.empty() && mine_ == nullptr) {
    if (idle.back()->kind == kind) mine_ = std::move(idle.back());
    idle.pop_back();
  }
  if (mine_ == nullptr) mine_ = std::make_unique<toolkit>(kind);
}

borrowed_toolkit::~borrowed_toolkit() {
  // Whoever leaves by an exception may have left half a file in the hasher.
  if (std::uncaught_exceptions() > 0) return;
  auto& idle = kept();
  if (idle.size() < most_kept) idle.push_back(std::move(mine_));
}

}  // namespace tokengate::treehash
