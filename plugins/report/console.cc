#include <cerrno>

#include <sys/ioctl.h>
#include <unistd.h>

#include <tokengate/plugins/report/console.h>

namespace tokengate::report {
namespace {

std::size_t width_of(int descriptor) noexcept {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

console::console(int descriptor) noexcept : descriptor_(descriptor), interactive_(::isatty(descriptor) == 1) {}

console::~console() { end_progress(); }

void console::message(std::string_view text) {
  put_above_progress(std::string("tokengate: ").append(text).append("\n"));
}

void console::block(std::string_view text) { put_above_progress(std::string(text)); }

void console::put_above_progress(std::string lines) {
  const std::lock_guard lock(mutex_);
  if (!progress_.empty()) lines = erased().append(lines).append(drawn());
  write_all(lines);
}

void console::progress(std::string_view text) {
  if (!interactive_) return;
  const std::lock_guard lock(mutex_);
  std::string update = erased();
  progress_ = text;
  write_all(update.append(drawn()));
}

void console::end_progress() {
  const std::lock_guard lock(mutex_);
  if (!progress_.empty()) write_all(erased());
  progress_.clear();
}

// Blanks instead of an escape sequence: any terminal understands them.
std::string console::erased() const { return "\r" + std::string(drawn().size(), ' ') + "\r"; }

// One column stays free: a full line would make some terminals wrap.
std::string console::drawn() const { return progress_.substr(0, width_of(descriptor_) - 1); }

void console::write_all(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace tokengate::report
