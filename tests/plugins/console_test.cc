#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <tokengate/plugins/report/console.h>

namespace tokengate::report {
namespace {

// What was written and not read yet; the reading end must not block.
std::string drain(int descriptor) {
  std::string text;
  std::array<char, 4096> piece;
  for (ssize_t got = 0; (got = ::read(descriptor, piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

struct terminal {
  int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  int slave = -1;

  explicit terminal(unsigned short columns) {
    ::grantpt(master);
    ::unlockpt(master);
    slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
    termios mode{};
    ::tcgetattr(slave, &mode);
    ::cfmakeraw(&mode);
    ::tcsetattr(slave, TCSANOW, &mode);
    const winsize size{24, columns, 0, 0};
    ::ioctl(slave, TIOCSWINSZ, &size);
  }
  ~terminal() {
    ::close(slave);
    ::close(master);
  }
};

struct pipe_ends {
  std::array<int, 2> ends{-1, -1};
  pipe_ends() { EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0); }
  ~pipe_ends() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
};

TEST(console, a_pipe_sees_messages_and_no_progress) {
  pipe_ends pipe;
  {
    console out(pipe.ends[1]);
    EXPECT_FALSE(out.interactive());
    out.progress("12 files");
    out.message("x: No such file or directory");
    out.block("a\nb\n");
    out.end_progress();
  }
  EXPECT_EQ(drain(pipe.ends[0]), "tokengate: x: No such file or directory\na\nb\n");
}

TEST(console, a_terminal_sees_one_line_rewritten) {
  terminal screen(80);
  console out(screen.slave);
  EXPECT_TRUE(out.interactive());
  out.progress("12 files");
  out.progress("3");
  EXPECT_EQ(drain(screen.master), "\r\r12 files\r        \r3");
  out.end_progress();
  EXPECT_EQ(drain(screen.master), "\r \r");
  out.end_progress();
  EXPECT_EQ(drain(screen.master), "");
}

TEST(console, messages_go_above_the_progress) {
  terminal screen(80);
  console out(screen.slave);
  out.progress("50%");
  drain(screen.master);
  out.message("oh");
  EXPECT_EQ(drain(screen.master), "\r   \rtokengate: oh\n50%");
}

TEST(console, progress_is_cut_to_the_width) {
  terminal screen(10);
  console out(screen.slave);
  out.progress("0123456789abc");
  EXPECT_EQ(drain(screen.master), "\r\r012345678");
}

TEST(console, its_end_takes_the_progress_away) {
  terminal screen(80);
  { console(screen.slave).progress("50%"); }
  EXPECT_EQ(drain(screen.master), "\r\r50%\r   \r");
}

}  // namespace
}  // namespace tokengate::report
