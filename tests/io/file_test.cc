// What is read and written, against known contents: inside tokens on both backends, and on plain threads.
#include <algorithm>
#include <cerrno>
#include <thread>

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include <tokengate/io/file.h>

#include "tests/io/on_coordinator.h"

namespace tokengate::io {
namespace {

class file_on : public on_coordinator {
 protected:
  /// Runs `check` inside a token, and on this thread.
  template <class Check>
  static void everywhere(Check check) {
    submit(check).get();
    check();
  }

  template <class Call>
  static int error_of(Call call) {
    try {
      call();
    } catch (const io_error& refused) {
      return refused.code();
    }
    return 0;
  }
};

INSTANTIATE_TEST_SUITE_P(, file_on, both_backends, name_of);

TEST_P(file_on, reads_at_any_offset_in_any_size) {
  const auto content = pattern(1'000'003);
  const scratch name(content);
  for (const bool cold : {false, true}) {
    if (cold && !name.chill()) break;
    everywhere([&] {
      const auto in = file::open(name.path());
      std::vector<std::byte> buffer(400'000);
      for (const std::size_t offset : {0, 1, 4095, 4096, 65'537, 999'999, 1'000'002}) {
        for (const std::size_t size : {1, 511, 4096, 4097, 65'536, 399'999}) {
          const auto got = in.read_at(std::span(buffer).first(size), offset);
          ASSERT_EQ(got, std::min(size, content.size() - offset));
          ASSERT_TRUE(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got),
                                 content.begin() + static_cast<std::ptrdiff_t>(offset)));
        }
      }
    });
  }
}

TEST_P(file_on, reads_nothing_at_and_past_the_end_and_of_an_empty_file) {
  const scratch some(pattern(10)), empty;
  everywhere([&] {
    std::byte buffer[16];
    const auto in = file::open(some.path());
    EXPECT_EQ(in.read_at(buffer, 10), 0u);
    EXPECT_EQ(in.read_at(buffer, std::uint64_t{1} << 40), 0u);
    EXPECT_EQ(in.read_at({}, 0), 0u);
    const auto nothing = file::open(empty.path());
    EXPECT_EQ(nothing.read_at(buffer, 0), 0u);
    EXPECT_EQ(nothing.size(), 0u);
    EXPECT_TRUE(nothing.read_all().empty());
  });
}

TEST_P(file_on, reads_beyond_four_gigabytes) {
  const scratch name;
  const auto content = pattern(1000);
  constexpr std::uint64_t far = (std::uint64_t{9} << 29) + 123;  // 4.5 GiB, most of it a hole
  name.write(content, static_cast<off_t>(far));
  everywhere([&] {
    const auto in = file::open(name.path());
    EXPECT_EQ(in.size(), far + content.size());
    std::vector<std::byte> buffer(2000);
    EXPECT_EQ(in.read_at(buffer, far), content.size());
    EXPECT_TRUE(std::equal(content.begin(), content.end(), buffer.begin()));
    EXPECT_EQ(in.read_at(buffer, far - 1500), 2000u);
    EXPECT_EQ(buffer[1499], std::byte{0});
    EXPECT_TRUE(std::equal(content.begin(), content.begin() + 500, buffer.begin() + 1500));
  });
}

TEST_P(file_on, reads_everything_also_where_the_size_is_not_known) {
  const auto content = pattern(300'001);
  const scratch name(content);
  everywhere([&] {
    EXPECT_EQ(file::open(name.path()).read_all(), content);
    const auto status = file::open("/proc/self/status").read_all();  // its size is said to be 0
    EXPECT_GT(status.size(), 100u);
  });
}

TEST_P(file_on, keeps_reading_what_was_unlinked_or_renamed) {
  const auto content = pattern(5000);
  const scratch name(content);
  file in;
  everywhere([&] {
    if (!in) in = file::open(name.path());
    ::unlink(name.path());
    EXPECT_EQ(in.read_all(), content);
    EXPECT_EQ(in.status().st_nlink, 0u);
  });
}

TEST_P(file_on, says_what_cannot_be_opened_and_why) {
  everywhere([] {
    try {
      (void)file::open("/nowhere/to/be found");
      FAIL() << "opened what is not there";
    } catch (const io_error& missing) {
      EXPECT_EQ(missing.code(), ENOENT);
      EXPECT_EQ(missing.path(), "/nowhere/to/be found");
      EXPECT_STREQ(missing.what(), "cannot open '/nowhere/to/be found': No such file or directory");
    }
    EXPECT_EQ(error_of([] { (void)file::open("/proc/self/exe", O_RDONLY | O_NOFOLLOW); }), ELOOP);
    EXPECT_EQ(error_of([] { (void)file::open("/tmp", O_WRONLY); }), EISDIR);
    EXPECT_EQ(error_of([] { (void)file::open("/dev/null/x"); }), ENOTDIR);
  });
}

TEST_P(file_on, says_what_cannot_be_read_and_why) {
  everywhere([] {
    std::byte buffer[16];
    const auto directory = file::open("/tmp", O_RDONLY | O_DIRECTORY);
    try {
      directory.read_at(buffer, 0);
      FAIL() << "read a directory";
    } catch (const io_error& refused) {
      EXPECT_EQ(refused.code(), EISDIR);
      EXPECT_STREQ(refused.what(), "cannot read '/tmp': Is a directory");
    }
    const auto memory = file::open("/proc/self/mem");
    EXPECT_EQ(error_of([&] { memory.read_at(buffer, 0); }), EIO);
    EXPECT_EQ(error_of([&] { file().read_at(buffer, 0); }), EBADF);
    EXPECT_EQ(error_of([&] { (void)file().status(); }), EBADF);
  });
}

TEST(file, says_when_access_is_denied) {
  const scratch name(pattern(10));
  ASSERT_EQ(::chmod(name.path(), 0), 0);
  std::thread([&] {
    ::setfsuid(65534);  // of this thread only; matters when the tests run as root
    try {
      (void)file::open(name.path());
      FAIL() << "opened what is nobody's to read";
    } catch (const io_error& refused) {
      EXPECT_EQ(refused.code(), EACCES);
    }
  }).join();
}

TEST_P(file_on, opens_names_in_an_open_directory) {
  const scratch name(pattern(10));
  everywhere([&] {
    const std::string path = name.path();
    const auto slash = path.rfind('/');
    const auto directory = file::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY);
    EXPECT_EQ(file::open_at(directory, path.c_str() + slash + 1).read_all(), pattern(10));
    EXPECT_EQ(error_of([&] { (void)file::open_at(directory, "not there"); }), ENOENT);
  });
}

TEST_P(file_on, opens_as_the_flags_say) {
  everywhere([] {
    const scratch name(pattern(10));
    const auto in = file::open(name.path());
    EXPECT_EQ(::fcntl(in.descriptor(), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
    EXPECT_EQ(::fcntl(in.descriptor(), F_GETFD), FD_CLOEXEC);
    const auto unblocked = file::open(name.path(), O_RDONLY | O_NONBLOCK);
    EXPECT_NE(::fcntl(unblocked.descriptor(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(error_of([&] { (void)file::open(name.path(), O_WRONLY | O_CREAT | O_EXCL); }), EEXIST);
    EXPECT_EQ(file::open(name.path(), O_RDWR | O_TRUNC).size(), 0u);
    ::unlink(name.path());
    const auto made = file::open(name.path(), O_WRONLY | O_CREAT, 0640);
    EXPECT_EQ(made.status().st_mode & 0777u & ~0640u, 0u);
    EXPECT_EQ(::fcntl(made.descriptor(), F_GETFD), FD_CLOEXEC);
  });
}

TEST_P(file_on, writes_all_of_it_where_it_belongs) {
  everywhere([] {
    const auto content = pattern(700'001);
    const scratch name;
    const auto out = file::open(name.path(), O_RDWR);
    out.write_at(std::span(content).subspan(123'456), 123'456);
    out.write_at(std::span(content).first(123'456), 0);
    out.write_at({}, 5);
    out.sync();
    EXPECT_EQ(out.read_all(), content);
    const auto full = file::open("/dev/full", O_WRONLY);
    EXPECT_EQ(error_of([&] { full.write_at(std::span(content).first(10), 0); }), ENOSPC);
    EXPECT_EQ(error_of([&] { file::open(name.path()).write_at(std::span(content).first(10), 0); }), EBADF);
  });
}

TEST_P(file_on, owns_its_descriptor) {
  const scratch name;
  everywhere([&] {
    auto first = file::open(name.path());
    const int descriptor = first.descriptor();
    file second(std::move(first));
    EXPECT_FALSE(first);
    EXPECT_EQ(second.descriptor(), descriptor);
    first = std::move(second);
    const int kept = first.release();
    EXPECT_EQ(kept, descriptor);
    EXPECT_FALSE(first);
    { const file last(kept); }
    EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1) << "closed by its last owner";
  });
}

TEST_P(file_on, reads_that_are_started_end_like_others) {
  const auto content = pattern(100'000);
  const scratch name(content);
  for (const bool cold : {false, true}) {
    if (cold && !name.chill()) break;
    everywhere([&] {
      const auto in = file::open(name.path());
      std::vector<std::byte> front(1000), back(1000), past(10);
      auto tail = in.start_read(back, content.size() - 300);
      auto head = in.start_read(front, 0);
      auto nothing = in.start_read(past, content.size());
      pending_read moved(std::move(tail));
      EXPECT_FALSE(tail.valid());
      EXPECT_TRUE(moved.valid());
      EXPECT_EQ(nothing.get(), 0u);
      EXPECT_EQ(moved.get(), 300u);
      EXPECT_EQ(head.get(), 1000u);
      EXPECT_TRUE(std::equal(front.begin(), front.end(), content.begin()));
      EXPECT_TRUE(std::equal(back.begin(), back.begin() + 300, content.end() - 300));
      EXPECT_FALSE(head.valid());
      EXPECT_THROW(head.get(), misuse);
      EXPECT_THROW(pending_read().get(), misuse);
    });
  }
}

}  // namespace
}  // namespace tokengate::io
