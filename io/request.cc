#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tokengate/core/host.h>
#include <tokengate/io/offload.h>
#include <tokengate/io/poller.h>
#include <tokengate/io/request.h>

namespace tokengate::io {
namespace {

// A result is an int and the kernel moves less than 2 GiB in one call anyway.
constexpr std::size_t most_at_once = std::size_t{1} << 30;

template <class Call>
int retried(Call call) noexcept {
  for (;;) {
    const auto result = call();
    if (result >= 0) return static_cast<int>(result);
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

request::request(call what_to_do, int on, std::span<std::byte> bytes, std::uint64_t at) noexcept
    : what(what_to_do), descriptor(on), data(bytes.data()), size(std::min(bytes.size(), most_at_once)), offset(at) {}

request::request(int directory, const char* path, int open_flags, mode_t open_mode) noexcept
    : what(call::open),
      descriptor(directory),
      data(const_cast<char*>(path)),
      size(0),
      offset(0),
      flags(open_flags),
      mode(open_mode) {}

request::~request() {
  if (canceller_ >= 0) ::close(canceller_);
}

void request::start() noexcept {
  if (core_poller* const core = core_poller::here())
    core->start(*this);
  else
    start_in_pool(nullptr);
}

void request::start_in_pool(std::atomic<std::size_t>* counter) noexcept {
  ring_of = nullptr;
  outstanding = counter;
  // Only a stream can keep a thread for ever. Without descriptors left it cannot be cancelled, but works.
  if (what == call::read_stream) canceller_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  run = [](job& self) noexcept {
    auto& mine = static_cast<request&>(self);
    mine.complete(mine.execute());
  };
  offload::shared().start(*this);
}

void request::cancel() noexcept {
  if (ring_of != nullptr) {
    // From elsewhere the ring must not be touched; then the call takes its time.
    if (ring_of != core_poller::here()) return;
    cancelled = true;
    ring_of->cancel(*this);
  } else if (offload::shared().withdraw(*this)) {
    complete(-ECANCELED);
  } else if (canceller_ >= 0) {
    ::eventfd_write(canceller_, 1);
  }
}

int request::finish() {
  if (completion_.wait([this] { cancel(); })) return result_;
  discard_result();
  throw detail::stop_unwind{};
}

void request::abandon() noexcept {
  if (!completion_.done()) {
    cancel();
    completion_.wait_shielded();
  }
  discard_result();
}

void request::discard_result() noexcept {
  if (what == call::open && result_ >= 0) ::close(result_);
}

int request::execute() noexcept {
  switch (what) {
    case call::read:
      return retried([this] { return ::pread(descriptor, data, size, static_cast<off_t>(offset)); });
    case call::read_stream:
      return execute_stream();
    case call::write:
      return retried([this] { return ::pwrite(descriptor, data, size, static_cast<off_t>(offset)); });
    case call::sync:
      return retried([this] { return ::fsync(descriptor); });
    case call::open:
      return retried([this] { return ::openat(descriptor, static_cast<const char*>(data), flags, mode); });
  }
  return -EINVAL;
}

int request::execute_stream() noexcept {
  for (;;) {
    pollfd events[] = {{descriptor, POLLIN, 0}, {canceller_, POLLIN, 0}};  // a negative descriptor is passed over
    const int ready = retried([&] { return ::poll(events, 2, -1); });
    if (ready < 0) return ready;
    if (events[1].revents != 0) return -ECANCELED;
    const int got = retried([this] { return ::read(descriptor, data, size); });
    if (got != -EAGAIN) return got;  // else somebody else read it first
  }
}

}  // namespace tokengate::io
