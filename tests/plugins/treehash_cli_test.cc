// `tokengate run treehash` as its users see it, next to `find` and `sha256sum`.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <tokengate/tests/plugins/command.h>

namespace tokengate::test {
namespace {

// What everybody would do without us.
std::string expected(const scratch& dir, const std::string& roots, const std::string& tool = "sha256sum") {
  return shell("find -H " + roots + " -type f -print0 | sort -zu | xargs -0r " + tool, {dir.path()}).out;
}

void expect_same(const scratch& dir, const std::vector<std::string>& roots, std::vector<std::string> options = {}) {
  std::string quoted;
  std::vector<std::string> arguments{"run", "treehash"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  for (const auto& root : roots) {
    quoted += " '" + root + "'";
    arguments.push_back(root);
  }
  const result mine = tokengate(arguments, {dir.path()});
  EXPECT_EQ(mine.code, 0);
  EXPECT_EQ(mine.err, "");
  EXPECT_EQ(mine.out, expected(dir, quoted));
}

TEST(treehash, names_of_all_kinds) {
  const scratch dir;
  for (const char* const name :
       {"plain", "with blank", " leading", "trailing ", "back\\slash", "new\nline", "\n", "\\", "cr\r", "*star",
        "-dash", "a.b", "a-b", "\xc3\xa9", "\xff\xfe", "tab\t", "quote'\"", "[bracket]"}) {
    dir.write(std::string("tree/") + name, name);
    dir.write(std::string("tree/sub ") + name + "/" + name, name);
  }
  expect_same(dir, {"tree"});
  expect_same(dir, {"."});
  expect_same(dir, {"tree/"});
  expect_same(dir, {"tree//"});
  expect_same(dir, {"./tree/../tree"});
  expect_same(dir, {dir.path()});
}

TEST(treehash, sizes_around_every_limit) {
  const scratch dir;
  for (const std::size_t limit : {0u, 1u, 4096u, 262'144u, 524'288u, 4'194'304u, 16'777'216u}) {
    for (const int more : {-1, 0, 1}) {
      const std::size_t size = limit == 0 && more < 0 ? 0 : limit + static_cast<std::size_t>(more);
      dir.write("tree/" + std::to_string(size), std::string(size, static_cast<char>('a' + more)));
    }
  }
  for (const std::string storage : {"slow", "moderate", "fast", "insane"})
    expect_same(dir, {"tree"}, {"--storage", storage});
  for (const std::string cores : {"1", "2", "3"}) expect_same(dir, {"tree"}, {"--cores", cores});
}

TEST(treehash, algorithms) {
  const scratch dir;
  dir.write("tree/empty", "");
  dir.write("tree/abc", "abc");
  dir.write("tree/long", std::string(5'000'000, 'x'));
  for (const auto& [name, tool] :
       {std::pair{"sha256", "sha256sum"}, {"sha512", "sha512sum"}, {"blake2b512", "b2sum"}}) {
    EXPECT_EQ(tokengate({"run", "treehash", "tree", "--algorithm", name}, {dir.path()}).out,
              expected(dir, "tree", tool));
  }
  // xxhsum prints other lines, but knows the same digests.
  const auto lines =
      shell("for f in tree/abc tree/empty tree/long; do d=$(xxhsum -H3 $f); echo \"${d##* }  $f\"; done", {dir.path()});
  EXPECT_EQ(tokengate({"run", "treehash", "tree", "-a", "xxh3"}, {dir.path()}).out, lines.out);
}

TEST(treehash, a_file_of_300_megabytes) {
  const scratch dir;
  shell("head -c 300000000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 > big 2>/dev/null; echo x > small",
        {dir.path()});
  expect_same(dir, {"."});
  expect_same(dir, {"big"}, {"--cores", "1"});
}

TEST(treehash, wide_and_deep) {
  const scratch dir;
  shell(
      "mkdir wide && cd wide && seq 5000 | split -l1 -a4 - f && mkdir d && cd d && seq 300 | xargs mkdir && touch 77/x",
      {dir.path()});
  shell("p=deep; for i in $(seq 300); do p=$p/d$i; done; mkdir -p $p && echo down > $p/file && echo up > deep/file",
        {dir.path()});
  expect_same(dir, {"."});
}

TEST(treehash, deeper_than_any_path) {
  const scratch dir;
  const auto made = shell(
      "for i in $(seq 100); do mkdir -p aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cc && cd -P "
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cc || exit 1; done; printf abc > file",
      {dir.path()});
  ASSERT_EQ(made.code, 0) << made.err;
  const result mine = tokengate({"run", "treehash", "."}, {dir.path()});
  EXPECT_EQ(mine.code, 0) << mine.err;
  EXPECT_TRUE(mine.out.starts_with("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  ./aaa"))
      << mine.out.substr(0, 100);
  EXPECT_EQ(mine.out.size(), 64 + 2 + 2 + 100 * 65 + 4 + 1);
}

TEST(treehash, links_are_not_followed_but_for_roots) {
  const scratch dir;
  dir.write("tree/file", "1");
  dir.write("outside/secret", "2");
  shell(
      "cd tree && ln file hard && ln -s file soft && ln -s ../outside out && ln -s nowhere dangling && ln -s loop loop "
      "&& "
      "mkdir d && ln -s .. d/up && cd .. && ln -s tree root && ln -s tree/file root_file",
      {dir.path()});
  expect_same(dir, {"tree"});
  expect_same(dir, {"root"});
  expect_same(dir, {"root_file"});
  expect_same(dir, {"root", "tree", "outside"});
}

TEST(treehash, several_roots_make_one_sorted_list_without_repetitions) {
  const scratch dir;
  for (const char* const name : {"a/x", "a/b/y", "a-b/z", "a0/w", "b"}) dir.write(name, name);
  expect_same(dir, {"b", "a0", "a", "a-b"});
  expect_same(dir, {"a", "a/b", "a/b/y", "a", "b", "b"});
  expect_same(dir, {"a", "a/"});
  expect_same(dir, {"a/b/y", "a"});
  expect_same(dir, {"."});
}

TEST(treehash, what_is_no_file_is_reported_and_the_rest_is_done) {
  const scratch dir;
  dir.write("tree/file", "1");
  ASSERT_EQ(::mkfifo((dir / "tree/fifo").c_str(), 0666), 0);
  const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  (dir / "tree/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const result mine = tokengate({"run", "treehash", "tree", "tree/fifo", "/dev/null", "no such"}, {dir.path()});
  ::close(listening);
  EXPECT_EQ(mine.code, 1);
  EXPECT_EQ(mine.out, expected(dir, "tree"));
  for (const char* const line : {"tokengate: tree/fifo: is a FIFO, not a regular file\n",
                                 "tokengate: tree/socket: is a socket, not a regular file\n",
                                 "tokengate: /dev/null: is a character device, not a regular file\n",
                                 "tokengate: 'no such': No such file or directory\n"}) {
    EXPECT_NE(mine.err.find(line), std::string::npos) << line << "is missing in\n" << mine.err;
  }
}

TEST(treehash, unreadable_things_are_reported_and_the_rest_is_done) {
  const scratch dir;
  dir.write("tree/secret", "1");
  dir.write("tree/closed/file", "2");
  dir.write("tree/open/file", "3");
  shell("chmod 0 tree/secret tree/closed", {dir.path()});
  const result mine = tokengate({"run", "treehash", "tree", "tree/closed", "tree/secret"}, {dir.path(), "", true});
  EXPECT_EQ(mine.code, 1);
  EXPECT_EQ(mine.out, expected(dir, "tree/open"));
  EXPECT_NE(mine.err.find("tokengate: tree/secret: Permission denied\n"), std::string::npos) << mine.err;
  EXPECT_NE(mine.err.find("tokengate: tree/closed: Permission denied\n"), std::string::npos) << mine.err;
}

TEST(treehash, a_file_that_changes_meanwhile_is_reported) {
  const scratch dir;
  dir.write("tree/still", "1");
  dir.write("tree/restless", "");
  ASSERT_EQ(::truncate((dir / "tree/restless").c_str(), 300'000'000), 0);
  std::atomic<bool> enough{false};
  std::jthread writer([&] {
    const int file = ::open((dir / "tree/restless").c_str(), O_WRONLY | O_CLOEXEC);
    for (char byte = 0; !enough; ++byte) EXPECT_EQ(::pwrite(file, &byte, 1, 0), 1);
    ::close(file);
  });
  const result mine = tokengate({"run", "treehash", "tree"}, {dir.path()});
  enough = true;
  EXPECT_EQ(mine.code, 1);
  EXPECT_EQ(mine.out, expected(dir, "tree/still"));
  EXPECT_EQ(mine.err, "tokengate: tree/restless: changed while it was read\n");
}

TEST(treehash, files_that_do_not_know_their_size_are_read_to_the_end) {
  const scratch dir;
  EXPECT_EQ(tokengate({"run", "treehash", "/proc/version", "/proc/filesystems"}).out,
            shell("sha256sum /proc/filesystems /proc/version").out);
}

TEST(treehash, a_full_standard_output_is_an_error) {
  const scratch dir;
  dir.write("file", "1");
  const result mine = shell("exec 3<" + std::string(std::getenv("TOKENGATE_PROGRAM")) +
                            "; /proc/self/fd/3 run treehash " + dir.path() + " > /dev/full");
  EXPECT_EQ(mine.code, 1);
  EXPECT_EQ(mine.err, "tokengate: cannot write 'standard output': No space left on device\n");
}

TEST(treehash, nothing_but_the_list_when_piped) {
  const scratch dir;
  dir.write("file", "1");
  EXPECT_EQ(tokengate({"run", "treehash", "."}, {dir.path()}).err, "");
}

}  // namespace
}  // namespace tokengate::test
