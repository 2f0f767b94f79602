#include <cerrno>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tokengate/io/blocking.h>
#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/list_reader.h>

namespace tokengate::treehash {
namespace {

constexpr std::size_t piece = std::size_t{256} << 10;

io::file open_list(const std::string& path) {
  if (path == "-") return io::file(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  // A FIFO's writer may take its time.
  const int opened = io::blocking([&path] {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return descriptor < 0 ? -errno : descriptor;
  });
  if (opened < 0) throw io::io_error(-opened, path, "open");
  return io::file(opened);
}

}  // namespace

list_reader::list_reader(const std::string& path) : list_(open_list(path)) {
  const auto status = list_.status();
  if (S_ISREG(status.st_mode)) size_ = static_cast<std::uint64_t>(status.st_size);
}

bool list_reader::read_more() {
  text_.erase(0, position_);
  position_ = 0;
  const std::size_t kept = text_.size();
  text_.resize(kept + piece);
  const std::size_t got = list_.read_some(std::as_writable_bytes(std::span(text_).subspan(kept)));
  text_.resize(kept + got);
  bytes_read_ += got;
  return got > 0;
}

std::optional<std::string_view> list_reader::next() {
  std::size_t searched = position_;
  for (;;) {
    const std::size_t end = text_.find('\n', searched);
    std::string_view line;
    if (end != std::string::npos) {
      line = std::string_view(text_).substr(position_, end - position_);
      position_ = end + 1;
    } else if (!ended_) {
      searched = text_.size() - position_;  // where reading more will move it
      ended_ = !read_more();
      continue;
    } else if (position_ < text_.size()) {
      line = std::string_view(text_).substr(position_);
      position_ = text_.size();
    } else {
      return std::nullopt;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
}

}  // namespace tokengate::treehash
