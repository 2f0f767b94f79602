#include <atomic>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tokengate/io/blocking.h>
#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/opening.h>

namespace tokengate::treehash {
namespace {

// Relaxed: whoever finds out late merely asks the kernel once more.
constinit std::atomic<bool> has_openat2{true};

// A descriptor, or a negative errno.
int try_open(int directory, const char* path, int flags, unsigned long long resolve) noexcept {
  if (has_openat2.load(std::memory_order_relaxed)) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags);
    how.resolve = resolve;
    const long opened = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (opened >= 0) return static_cast<int>(opened);
    // EPERM is how older sandboxes refuse system calls that they do not know.
    if (errno != ENOSYS && errno != EPERM && errno != EINVAL) return -errno;
  }
  const int opened = ::openat(directory, path, flags);
  if (opened < 0) return -errno;
  has_openat2.store(false, std::memory_order_relaxed);
  return opened;
}

opened_directory open_at(int directory, const char* path, int flags) {
  flags |= O_CLOEXEC | O_DIRECTORY;
  int descriptor = try_open(directory, path, flags, RESOLVE_NO_SYMLINKS | RESOLVE_CACHED);
  const bool cached = descriptor != -EAGAIN;
  if (!cached) descriptor = io::blocking([&] { return try_open(directory, path, flags, RESOLVE_NO_SYMLINKS); });
  if (descriptor < 0) throw io::io_error(-descriptor, path, "open");
  return {io::file(descriptor), cached};
}

}  // namespace

opened_directory open_directory(const io::file& root, const std::string& path) {
  constexpr std::size_t longest = PATH_MAX - 1;
  if (path.empty()) return open_at(root.descriptor(), ".", O_RDONLY);
  opened_directory above;
  std::size_t start = 0;
  const auto from = [&] { return start == 0 ? root.descriptor() : above.file.descriptor(); };
  while (path.size() - start > longest) {
    const std::size_t slash = path.rfind('/', start + longest);
    above = open_at(from(), path.substr(start, slash - start).c_str(), O_PATH);
    start = slash + 1;
  }
  return open_at(from(), path.c_str() + start, O_RDONLY | O_NOFOLLOW);
}

}  // namespace tokengate::treehash
