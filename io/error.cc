#include <cerrno>
#include <system_error>

#include <tokengate/io/error.h>

namespace tokengate::io {
namespace {

std::string_view advice_on(int code) noexcept {
  switch (code) {
    case EMFILE:
      return " (raise `ulimit -n` or lower the limit of the storage tier)";
    case ENFILE:
      return " (raise the system's limit fs.file-max)";
    case ESPIPE:
      return " (it has no positions: use read_some)";
    default:
      return {};
  }
}

std::string message(int code, std::string_view path, std::string_view action) {
  std::string text;
  if (!action.empty()) text.append("cannot ").append(action).append(path.empty() ? ": " : " ");
  if (!path.empty()) text.append("'").append(path).append("': ");
  return text.append(std::generic_category().message(code)).append(advice_on(code));
}

}  // namespace

io_error::io_error(int code, std::string_view path, std::string_view action)
    : error(message(code, path, action)), code_(code), path_(path) {}

}  // namespace tokengate::io
