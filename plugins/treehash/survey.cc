#include <fcntl.h>
#include <sys/stat.h>

#include <tokengate/io/blocking.h>
#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/directory_reader.h>
#include <tokengate/plugins/treehash/survey.h>

namespace tokengate::treehash {
namespace {

class surveyor {
 public:
  explicit surveyor(totals& counted) noexcept : counted_(counted) {}

  void look_at(const std::string& path) {
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) return;
    if (S_ISREG(status.st_mode)) count(status);
    if (!S_ISDIR(status.st_mode)) return;
    try {
      const auto root = io::file::open(path.c_str(), O_PATH | O_DIRECTORY);
      unread_.emplace_back();
      while (!unread_.empty() && !cancelled()) {
        const std::string next = std::move(unread_.back());
        unread_.pop_back();
        look_into(root, next);
      }
    } catch (const io::io_error&) {
    }
  }

  [[nodiscard]] bool cancelled() const noexcept { return counted_.cancelled.load(std::memory_order_relaxed); }

 private:
  void look_into(const io::file& root, const std::string& path) {
    try {
      directory_reader reader(root, path);
      while (const auto* const found = cancelled() ? nullptr : reader.next()) {
        struct stat status;
        if (S_ISDIR(found->kind)) {
          unread_.push_back(path.empty() ? found->name : path + '/' + found->name);
        } else if (S_ISREG(found->kind) &&
                   ::fstatat(reader.directory().descriptor(), found->name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
          count(status);
        }
      }
    } catch (const io::io_error&) {
    }
  }

  void count(const struct stat& status) noexcept {
    counted_.files.fetch_add(1, std::memory_order_relaxed);
    counted_.bytes.fetch_add(static_cast<std::uint64_t>(status.st_size), std::memory_order_relaxed);
  }

  totals& counted_;
  std::vector<std::string> unread_;
};

}  // namespace

TOKENGATE_DEFINE(void, survey, (std::vector<std::string> paths, totals* counted)) {
  io::blocking([&paths, counted] {
    surveyor eyes(*counted);
    for (const auto& path : paths) {
      if (!eyes.cancelled()) eyes.look_at(path);
    }
    counted->complete.store(!eyes.cancelled(), std::memory_order_relaxed);
  });
}

}  // namespace tokengate::treehash
