#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tokengate/tests/plugins/command.h>

extern char** environ;

namespace tokengate::test {
namespace {

constexpr int nobody = 65534;

// Opened before a child gives up the right to look into the directories above it.
int program() {
  static const int opened = [] {
    const char* const path = std::getenv("TOKENGATE_PROGRAM");
    const int descriptor = path == nullptr ? -1 : ::open(path, O_PATH);
    if (descriptor < 0) throw std::runtime_error("TOKENGATE_PROGRAM does not name the program to test");
    return descriptor;
  }();
  return opened;
}

struct pipe_ends {
  int read = -1, write = -1;
  pipe_ends() {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read = ends[0];
    write = ends[1];
  }
};

void close_now(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

// Only calls that are safe after a fork of a program with threads.
[[noreturn]] void become(int file, char* const* arguments, const surroundings& where, std::array<int, 3> standard) {
  for (int i = 0; i < 3; ++i) ::dup2(standard[static_cast<std::size_t>(i)], i);
  if (!where.directory.empty() && ::chdir(where.directory.c_str()) != 0) ::_exit(126);
  if (where.unprivileged && ::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(126);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) std::signal(signal, SIG_DFL);
  ::fexecve(file, arguments, environ);
  ::_exit(127);
}

pid_t start(int file, const std::vector<std::string>& arguments, const surroundings& where,
            std::array<int, 3> standard) {
  std::vector<char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) become(file, pointers.data(), where, standard);
  if (child < 0) throw std::runtime_error("no process");
  return child;
}

int wait_for_exit(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Feeds and reads all pipes at once, so that none of them fills up.
void exchange(int& input, std::string_view text, std::array<std::pair<int*, std::string*>, 2> outputs) {
  for (;;) {
    std::array<pollfd, 3> waiting{
        {{text.empty() ? -1 : input, POLLOUT, 0}, {*outputs[0].first, POLLIN, 0}, {*outputs[1].first, POLLIN, 0}}};
    if (text.empty()) close_now(input);
    if (waiting[1].fd < 0 && waiting[2].fd < 0) return;
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[0].revents != 0) {
      const auto written = ::write(input, text.data(), text.size());
      text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : text.size());
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (waiting[i + 1].revents == 0) continue;
      std::array<char, 65536> piece;
      const auto got = ::read(*outputs[i].first, piece.data(), piece.size());
      if (got > 0) outputs[i].second->append(piece.data(), static_cast<std::size_t>(got));
      if (got <= 0) close_now(*outputs[i].first);
    }
  }
}

result run(int file, const std::vector<std::string>& arguments, const surroundings& where) {
  std::signal(SIGPIPE, SIG_IGN);
  pipe_ends in, out, err;
  const pid_t child = start(file, arguments, where, {in.read, out.write, err.write});
  for (int* const end : {&in.read, &out.write, &err.write}) close_now(*end);
  result done;
  exchange(in.write, where.input, {{{&out.read, &done.out}, {&err.read, &done.err}}});
  done.code = wait_for_exit(child);
  return done;
}

}  // namespace

result tokengate(const std::vector<std::string>& arguments, const surroundings& where) {
  std::vector<std::string> all{"tokengate"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run(program(), all, where);
}

result shell(const std::string& script, const surroundings& where) {
  static const int sh = ::open("/bin/sh", O_PATH | O_CLOEXEC);
  return run(sh, {"sh", "-c", "export LC_ALL=C\n" + script}, where);
}

running::running(const std::vector<std::string>& arguments, output where, const std::string& directory) {
  std::vector<std::string> all{"tokengate"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  int writing = -1;
  if (where == output::terminal) {
    reading_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ::grantpt(reading_);
    ::unlockpt(reading_);
    writing = ::open(::ptsname(reading_), O_RDWR | O_NOCTTY | O_CLOEXEC);
  } else {
    pipe_ends ends;
    reading_ = ends.read;
    writing = ends.write;
  }
  pid_ = start(program(), all, {directory, "", false}, {writing, writing, writing});
  ::close(writing);
}

running::~running() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait_for_exit(pid_);
  }
  ::close(reading_);
}

bool running::read_some() {
  std::array<char, 65536> piece;
  const auto got = ::read(reading_, piece.data(), piece.size());  // a terminal nobody writes to any more: EIO
  if (got > 0) text_.append(piece.data(), static_cast<std::size_t>(got));
  return got > 0;
}

bool running::wait_for(const std::string& text) {
  while (text_.find(text) == std::string::npos) {
    if (!read_some()) return false;
  }
  return true;
}

void running::wait_for_work(std::chrono::milliseconds processor_time) const {
  const long ticks_wanted = processor_time.count() * ::sysconf(_SC_CLK_TCK) / 1000;
  for (;;) {
    // "pid (name) state" and ten numbers come before the two times.
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string skipped;
    std::getline(stat, skipped, ')');
    char state = 'Z';
    stat >> state;
    for (int i = 0; i < 10; ++i) stat >> skipped;
    long user = 0, system = 0;
    stat >> user >> system;
    if (state == 'Z' || user + system >= ticks_wanted) return;
    std::this_thread::yield();
  }
}

void running::kill(int signal) const { ::kill(pid_, signal); }

result running::finish() {
  while (read_some()) {
  }
  const int code = wait_for_exit(std::exchange(pid_, -1));
  return {code, text_, ""};
}

scratch::scratch() {
  path_ = "/tmp/tokengate_test_XXXXXX";  // not below TEST_TMPDIR: nobody may not look into that
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no directory for the test");
  ::chmod(path_.c_str(), 0777);
}

scratch::~scratch() {
  // Deeper trees than std::filesystem bears.
  shell("chmod -R u+rwx " + path_ + " 2>/dev/null; rm -rf " + path_);
}

void scratch::write(const std::string& name, const std::string& content) const {
  const std::filesystem::path file = *this / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::string scratch::read(const std::string& name) const {
  std::ostringstream content;
  content << std::ifstream(*this / name, std::ios::binary).rdbuf();
  return content.str();
}

}  // namespace tokengate::test
