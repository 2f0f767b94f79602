#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/output.h>

namespace tokengate::treehash {
namespace {

namespace fs = std::filesystem;

class output : public testing::Test {
 protected:
  output() {
    std::string name = testing::TempDir() + "output_XXXXXX";
    dir = ::mkdtemp(name.data());
  }
  ~output() override { fs::remove_all(dir); }

  static void put(const fs::path& file, const std::string& content) { std::ofstream(file) << content; }
  static std::string content(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  static void replace(const fs::path& file, const std::string& content) {
    replaced_file target(file);
    buffered_writer writer(target.descriptor(), target.path());
    writer.text() += content;
    writer.flush();
    target.commit();
  }
  // What a failed or forgotten replacement must not leave behind.
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir), {})); }
  static int refusal(const fs::path& file) {
    try {
      replaced_file target(file);
    } catch (const io::io_error& refused) {
      return refused.code();
    }
    return 0;
  }

  fs::path dir;
};

TEST_F(output, appears_only_by_commit) {
  {
    replaced_file target(dir / "list");
    buffered_writer writer(target.descriptor(), target.path());
    writer.text() += "half";
    writer.flush();
    EXPECT_FALSE(fs::exists(dir / "list"));
    writer.text() += " and half\n";
    writer.flush();
    target.commit();
    EXPECT_EQ(content(dir / "list"), "half and half\n");
  }
  EXPECT_EQ(entries(), 1u);
}

TEST_F(output, without_commit_the_old_file_stays) {
  put(dir / "list", "old");
  {
    replaced_file target(dir / "list");
    buffered_writer writer(target.descriptor(), target.path());
    writer.text() += "new";
    writer.flush();
  }
  EXPECT_EQ(content(dir / "list"), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(output, permissions) {
  const mode_t before = ::umask(027);
  replace(dir / "fresh", "1");
  ::umask(before);
  EXPECT_EQ(fs::status(dir / "fresh").permissions(), fs::perms(0640));
  put(dir / "old", "1");
  fs::permissions(dir / "old", fs::perms(0604));
  replace(dir / "old", "2");
  EXPECT_EQ(fs::status(dir / "old").permissions(), fs::perms(0604));
  EXPECT_EQ(content(dir / "old"), "2");
}

TEST_F(output, symbolic_links_lead_to_what_is_replaced) {
  put(dir / "target", "old");
  fs::create_directory(dir / "sub");
  fs::create_symlink("../target", dir / "sub/link");
  fs::create_symlink("sub/link", dir / "link");
  replace(dir / "link", "new");
  EXPECT_EQ(content(dir / "target"), "new");
  EXPECT_TRUE(fs::is_symlink(dir / "link") && fs::is_symlink(dir / "sub/link"));
  fs::create_symlink("sub/made", dir / "dangling");
  replace(dir / "dangling", "made");
  EXPECT_EQ(content(dir / "sub/made"), "made");
}

TEST_F(output, refuses_at_once_what_cannot_work) {
  EXPECT_EQ(refusal(dir), EISDIR);
  EXPECT_EQ(refusal(dir / "no/list"), ENOENT);
  put(dir / "file", "");
  EXPECT_EQ(refusal(dir / "file/list"), ENOTDIR);
  fs::create_symlink("loop", dir / "loop");
  EXPECT_EQ(refusal(dir / "loop"), ELOOP);
}

TEST_F(output, what_is_no_regular_file_is_written_directly) {
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  const int reader = ::open((dir / "fifo").c_str(), O_RDONLY | O_NONBLOCK);
  replace(dir / "fifo", "through");
  std::array<char, 16> got{};
  EXPECT_EQ(::read(reader, got.data(), got.size()), 7);
  EXPECT_TRUE(fs::is_fifo(dir / "fifo"));
  ::close(reader);
  replace("/dev/null", "nowhere");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(output, knows_the_files_that_cannot_be_listed) {
  put(dir / "list", "old");
  put(dir / "other", "");
  const replaced_file target(dir / "list");
  struct stat file;
  ASSERT_EQ(::stat((dir / "list").c_str(), &file), 0);
  EXPECT_TRUE(target.is(file));
  ASSERT_EQ(::fstat(target.descriptor(), &file), 0);
  EXPECT_TRUE(target.is(file));
  ASSERT_EQ(::stat((dir / "other").c_str(), &file), 0);
  EXPECT_FALSE(target.is(file));
}

TEST_F(output, a_full_disk_leaves_the_old_file) {
  put(dir / "list", "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tight{4096, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  EXPECT_THROW(replace(dir / "list", std::string(10'000, 'x')), io::io_error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(content(dir / "list"), "old");
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace tokengate::treehash
