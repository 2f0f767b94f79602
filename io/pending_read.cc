#include <tokengate/core/error.h>
#include <tokengate/io/file.h>
#include <tokengate/io/pending_read.h>
#include <tokengate/io/poller.h>

namespace tokengate::io {

pending_read::pending_read(int descriptor, std::span<std::byte> buffer, std::uint64_t offset)
    : descriptor_(descriptor), buffer_(buffer), offset_(offset) {
  if (core_poller* const core = core_poller::here_with_cache()) {
    bool complete;
    done_ = file::read_cached(descriptor, buffer, offset, complete);
    if (complete) {
      core->count_cached();
      return;
    }
  }
  request_ = std::make_unique<request>(request::call::read, descriptor, buffer.subspan(done_), offset + done_);
  request_->start();
}

pending_read::pending_read(pending_read&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(other.buffer_),
      offset_(other.offset_),
      done_(other.done_),
      request_(std::move(other.request_)) {}

pending_read& pending_read::operator=(pending_read&& other) noexcept {
  if (this != &other) {
    drop();
    descriptor_ = std::exchange(other.descriptor_, -1);
    buffer_ = other.buffer_;
    offset_ = other.offset_;
    done_ = other.done_;
    request_ = std::move(other.request_);
  }
  return *this;
}

void pending_read::drop() noexcept {
  if (request_ != nullptr) request_->abandon();
  request_.reset();
  descriptor_ = -1;
}

bool pending_read::ready() const noexcept { return request_ == nullptr || request_->done(); }

std::size_t pending_read::get() {
  if (!valid())
    throw misuse("this pending_read has nothing to be got: it was moved from, got already or never started");
  const int descriptor = std::exchange(descriptor_, -1);
  const auto work = std::move(request_);
  if (work == nullptr) return done_;
  const int got = work->finish();
  if (got < 0) file::fail(descriptor, -got, "read");
  done_ += static_cast<std::size_t>(got);
  if (got == 0 || done_ == buffer_.size()) return done_;
  return done_ + file::read_from(descriptor, buffer_.subspan(done_), offset_ + done_);
}

}  // namespace tokengate::io
