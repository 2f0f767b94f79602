#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <tokengate/io/error.h>
#include <tokengate/plugins/report/output.h>

namespace tokengate::report {
namespace {

constexpr std::size_t piece = std::size_t{1} << 20;
constexpr int most_links = 40;  // what the kernel follows, too

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the name leads, even if nothing is there yet.
std::string with_links_followed(std::string path) {
  std::array<char, PATH_MAX> link;
  for (int i = 0; i < most_links; ++i) {
    const auto length = ::readlink(path.c_str(), link.data(), link.size());
    if (length < 0) return path;  // no link, or nothing there
    std::string to(link.data(), static_cast<std::size_t>(length));
    path = to.starts_with('/') ? std::move(to) : directory_of(path) + '/' + to;
  }
  return path;  // opening it will fail by ELOOP
}

mode_t permissions_of_new_file() noexcept {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

buffered_writer::buffered_writer(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {
  text_.reserve(piece + piece / 16);
}

void buffered_writer::flush_if_full() {
  if (text_.size() >= piece) flush();
}

void buffered_writer::flush() {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw io::io_error(errno, name_, "write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  text_.clear();
}

replaced_file::replaced_file(std::string path) : path_(std::move(path)) {
  struct stat existing {};
  const bool exists = ::stat(path_.c_str(), &existing) == 0;
  if (!exists && errno != ENOENT) fail(path_);
  if (exists && S_ISDIR(existing.st_mode)) throw io::io_error(EISDIR, path_, "write");
  if (exists && !S_ISREG(existing.st_mode)) {
    direct_ = true;
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ < 0) fail(path_);
    return;
  }
  if (exists) old_ = {existing.st_dev, existing.st_ino};
  target_ = with_links_followed(path_);
  directory_ = directory_of(target_);
  if (exists && ::access(target_.c_str(), W_OK) != 0) fail(path_);  // a read-only file is not to be replaced
  open_replacement();
}

void replaced_file::discard() noexcept {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void replaced_file::open_replacement() {
  // Without a name nobody sees it, and a crash leaves nothing behind. Some file systems cannot do that.
  descriptor_ = ::open(directory_.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    temporary_ = directory_ + "/.tokengate-XXXXXX";
    descriptor_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
    if (descriptor_ < 0) temporary_.clear();
  }
  if (descriptor_ < 0) fail(path_);
  struct stat made {};
  if (::fstat(descriptor_, &made) != 0) fail(path_);
  replacement_ = {made.st_dev, made.st_ino};
}

bool replaced_file::is(const struct stat& file) const noexcept {
  return !direct_ && (old_.matches(file) || replacement_.matches(file));
}

void replaced_file::adopt_permissions() const {
  struct stat existing {};
  const bool exists = ::stat(target_.c_str(), &existing) == 0;
  // Keeping the owner is for root alone; others own both files already or have no say.
  if (exists && ::fchown(descriptor_, existing.st_uid, existing.st_gid) != 0 && errno != EPERM) fail(path_);
  if (::fchmod(descriptor_, exists ? existing.st_mode & 0777 : permissions_of_new_file()) != 0) fail(path_);
}

std::string replaced_file::link_replacement() const {
  const std::string open_file = "/proc/self/fd/" + std::to_string(descriptor_);
  for (unsigned attempt = 0;; ++attempt) {
    std::string name = directory_ + "/.tokengate-" + std::to_string(::getpid()) + '-' + std::to_string(attempt);
    if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return name;
    if (errno != EEXIST) fail(path_);
  }
}

void replaced_file::commit() {
  if (direct_) return;
  adopt_permissions();
  if (::fsync(descriptor_) != 0) fail(path_);
  if (temporary_.empty()) temporary_ = link_replacement();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(path_);
  temporary_.clear();
  // The name itself is on disk once its directory is.
  const int directory = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;  // writable, but not readable: nothing to be done
  ::fsync(directory);
  ::close(directory);
}

void replaced_file::fail(const std::string& path) const { throw io::io_error(errno, path, "write"); }

}  // namespace tokengate::report
