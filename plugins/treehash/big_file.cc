#include <tokengate/plugins/treehash/big_file.h>

namespace tokengate::treehash {

std::shared_ptr<big_file> big_file_pool::try_make(source& opened) {
  big_file::memory buffers;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return nullptr;
    buffers = std::move(free_.back());
    free_.pop_back();
  }
  if (buffers == nullptr) buffers = std::make_unique_for_overwrite<std::byte[]>(big_file::depth * block_size);
  return {new big_file(std::move(opened), std::move(buffers)), [this](big_file* finished) { give_back(finished); }};
}

void big_file_pool::give_back(big_file* finished) noexcept {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(finished->buffers_));  // within the capacity it was made with
  delete finished;
}

}  // namespace tokengate::treehash
