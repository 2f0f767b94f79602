#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <tokengate/io/file.h>
#include <tokengate/io/poller.h>
#include <tokengate/io/request.h>

namespace tokengate::io {
namespace {

/// Makes the call where it may take its time: suspended on a fiber, blocking on a thread. >= 0, or -errno.
template <class... Arguments>
int perform(Arguments&&... arguments) {
  request work(std::forward<Arguments>(arguments)...);
  if (core_poller::here() == nullptr) return work.execute();
  work.start();
  return work.finish();
}

/// Tries to open with what the kernel has in memory. A descriptor, -errno, or nothing when that is not enough to know.
std::optional<int> open_cached(int directory, const char* path, int flags) noexcept {
  if ((flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE) return std::nullopt;
  open_how how{};
  // Else a FIFO or a device might keep the core waiting. O_PATH opens nothing and bears no other flags.
  const int unblocked = (flags & O_PATH) != 0 ? flags : flags | O_NONBLOCK;
  how.flags = static_cast<unsigned>(unblocked);
  how.resolve = RESOLVE_CACHED;
  const auto opened = static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
  if (opened >= 0) {
    if (unblocked != flags) ::fcntl(opened, F_SETFL, flags);
    return opened;
  }
  switch (errno) {
    case EAGAIN:  // not in memory
    case ENXIO:   // a FIFO without a reader: is to wait for one
    case ENOSYS:
    case EINVAL:
    case EPERM:  // a kernel or a sandbox that does not know the call
    case EINTR:
      return std::nullopt;
    default:
      return -errno;
  }
}

/// Linux 5.9 and 5.10 may answer a non-blocking read with 0 in the middle of a file.
bool knows_the_end() noexcept {
  static const bool known = [] {
    utsname system{};
    int major = 0, minor = 0;
    ::uname(&system);
    return std::sscanf(system.release, "%d.%d", &major, &minor) == 2 && (major > 5 || (major == 5 && minor > 10));
  }();
  return known;
}

/// A non-blocking read of what is in memory; at the file's own position if `offset` is -1.
ssize_t read_now(int descriptor, std::span<std::byte> buffer, off_t offset) noexcept {
  if (!knows_the_end()) {
    errno = EOPNOTSUPP;
    return -1;
  }
  const iovec where{buffer.data(), buffer.size()};
  return ::preadv2(descriptor, &where, 1, offset, RWF_NOWAIT);
}

/// True when an error of read_now() says nothing about the file, only that it cannot be done like that.
bool must_wait(int code) noexcept { return code == EAGAIN || code == EOPNOTSUPP || code == ENOSYS; }

}  // namespace

file& file::operator=(file&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void file::close() noexcept {
  // The descriptor is gone whatever close() says, and what it may say of lost writes is what sync() is for.
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

file file::open(const char* path, int flags, mode_t mode) { return open_in(AT_FDCWD, path, flags, mode); }

file file::open_at(const file& directory, const char* name, int flags, mode_t mode) {
  return open_in(directory.descriptor_, name, flags, mode);
}

file file::open_in(int directory, const char* path, int flags, mode_t mode) {
  flags |= O_CLOEXEC;
  std::optional<int> opened;
  if (core_poller* const core = core_poller::here_with_cache()) {
    opened = open_cached(directory, path, flags);
    if (opened) core->count_cached();
  }
  if (!opened) opened = perform(directory, path, flags, mode);
  if (*opened < 0) throw io_error(-*opened, path, "open");
  return file(*opened);
}

/// What is in memory; `complete` when the buffer is full or the end of the file was reached.
std::size_t file::read_cached(int descriptor, std::span<std::byte> buffer, std::uint64_t offset, bool& complete) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const auto got = read_now(descriptor, buffer.subspan(done), static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (must_wait(errno)) {
      complete = false;
      return done;
    } else if (errno != EINTR) {
      fail(descriptor, errno, "read");
    }
  }
  complete = true;
  return done;
}

std::size_t file::read_from(int descriptor, std::span<std::byte> buffer, std::uint64_t offset) {
  core_poller* const core = core_poller::here_with_cache();
  std::size_t done = 0;
  for (bool waited = false;; waited = true) {
    if (core != nullptr) {
      bool complete;
      done += read_cached(descriptor, buffer.subspan(done), offset + done, complete);
      if (complete) {
        if (!waited) core->count_cached();
        return done;
      }
    } else if (done == buffer.size()) {
      return done;
    }
    const int got = perform(request::call::read, descriptor, buffer.subspan(done), offset + done);
    if (got < 0) fail(descriptor, -got, "read");
    if (got == 0) return done;
    done += static_cast<std::size_t>(got);
  }
}

std::size_t file::read_at(std::span<std::byte> buffer, std::uint64_t offset) const {
  return read_from(descriptor_, buffer, offset);
}

pending_read file::start_read(std::span<std::byte> buffer, std::uint64_t offset) const {
  return pending_read(descriptor_, buffer, offset);
}

std::vector<std::byte> file::read_all() const {
  constexpr std::size_t least = 4096;
  std::vector<std::byte> content(size() + 1);  // the one byte more shows the end without another call
  std::size_t done = 0;
  for (;;) {
    done += read_at(std::span(content).subspan(done), done);
    if (done < content.size()) break;
    content.resize(content.size() * 2 + least);  // it grew meanwhile, or does not know its size
  }
  content.resize(done);
  return content;
}

std::size_t file::read_some(std::span<std::byte> buffer) const {
  if (core_poller* const core = core_poller::here_with_cache()) {
    const auto got = read_now(descriptor_, buffer, -1);
    if (got >= 0) {
      core->count_cached();
      return static_cast<std::size_t>(got);
    }
    if (!must_wait(errno) && errno != EINTR) fail(descriptor_, errno, "read");
  }
  const int got = perform(request::call::read_stream, descriptor_, buffer, std::uint64_t{0});
  if (got < 0) fail(descriptor_, -got, "read");
  return static_cast<std::size_t>(got);
}

void file::write_at(std::span<const std::byte> bytes, std::uint64_t offset) const {
  // Requests have one kind of buffer; a write does not change it.
  std::span<std::byte> left(const_cast<std::byte*>(bytes.data()), bytes.size());
  while (!left.empty()) {
    const int written = perform(request::call::write, descriptor_, left, offset);
    if (written < 0) fail(descriptor_, -written, "write");
    left = left.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void file::sync() const {
  const int result = perform(request::call::sync, descriptor_, std::span<std::byte>{}, std::uint64_t{0});
  if (result < 0) fail(descriptor_, -result, "sync");
}

struct ::stat file::status() const {
  struct ::stat found;
  if (::fstat(descriptor_, &found) != 0) fail(descriptor_, errno, "look at");
  return found;
}

void file::fail(int descriptor, int code, const char* action) {
  // The name is asked for only now: keeping it would cost every file an allocation.
  std::string name(4096, '\0');
  const auto length = ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), name.data(), name.size());
  name.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  throw io_error(code, name, action);
}

}  // namespace tokengate::io
