#include <cerrno>

#include <dirent.h>
#include <sys/stat.h>

#include <tokengate/io/blocking.h>
#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/directory_reader.h>

namespace tokengate::treehash {
namespace {

constexpr std::size_t buffer_size = std::size_t{32} << 10;

}  // namespace

directory_reader::directory_reader(const io::file& root, const std::string& path)
    : directory_(open_directory(root, path)), buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)) {}

bool directory_reader::refill() {
  const auto read = [this] {
    const auto got = ::getdents64(directory_.file.descriptor(), buffer_.get(), buffer_size);
    return got < 0 ? -errno : got;
  };
  const auto got = directory_.cached ? read() : io::blocking(read);
  if (got < 0) throw io::io_error(static_cast<int>(-got), "", "read");
  position_ = 0;
  filled_ = static_cast<std::size_t>(got);
  return got > 0;
}

const directory_reader::entry* directory_reader::next() {
  while (position_ < filled_ || refill()) {
    const auto* const found = reinterpret_cast<const dirent64*>(buffer_.get() + position_);
    position_ += found->d_reclen;
    const char* const name = found->d_name;
    if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) continue;
    current_ = {name, static_cast<mode_t>(DTTOIF(found->d_type))};
    if (found->d_type == DT_UNKNOWN) {  // some file systems leave it to us
      struct stat status;
      const bool there = ::fstatat(directory_.file.descriptor(), name, &status, AT_SYMLINK_NOFOLLOW) == 0;
      current_.kind = there ? status.st_mode & S_IFMT : 0;
    }
    return &current_;
  }
  return nullptr;
}

}  // namespace tokengate::treehash
