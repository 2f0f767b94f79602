#include <fcntl.h>

#include <tokengate/plugins/treehash/source.h>

namespace tokengate::treehash {

source::source(io::file opened, const struct stat& status) noexcept : file_(std::move(opened)), status_(status) {}

source source::open(const io::file* directory, const char* path, links symbolic) {
  // Whatever the name stands for by now: opening it must neither wait for a FIFO's writer nor take a terminal.
  const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (symbolic == links::refused ? O_NOFOLLOW : 0);
  io::file file = directory == nullptr ? io::file::open(path, flags) : io::file::open_at(*directory, path, flags);
  const struct stat status = file.status();
  return {std::move(file), status};
}

std::size_t source::read_at(std::span<std::byte> buffer, std::uint64_t offset) const {
  return file_.read_at(buffer, offset);
}

bool source::changed() const {
  const struct stat now = file_.status();
  return now.st_size != status_.st_size || now.st_mtim.tv_sec != status_.st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != status_.st_mtim.tv_nsec;
}

const char* why_not_hashed(mode_t kind) noexcept {
  switch (kind & S_IFMT) {
    case S_IFDIR:
      return "Is a directory";
    case S_IFLNK:
      return "is a symbolic link, not a regular file";
    case S_IFIFO:
      return "is a FIFO, not a regular file";
    case S_IFSOCK:
      return "is a socket, not a regular file";
    case S_IFBLK:
      return "is a block device, not a regular file";
    case S_IFCHR:
      return "is a character device, not a regular file";
    default:
      return "is not a regular file";
  }
}

}  // namespace tokengate::treehash
