// `tokengate run treehash --check` beside `sha256sum --check`: the same words, the same exit codes.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>

namespace tokengate::test {
namespace {

const std::string of_a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
const std::string wrong = "aa978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// The program's name is all that may differ.
std::string renamed(std::string text) {
  for (std::size_t at = 0; (at = text.find("sha256sum: ", at)) != std::string::npos;) text.replace(at, 9, "tokengate");
  return text;
}

class check : public testing::Test {
 protected:
  check() {
    for (const char* const name : {"a", " a", "b c", "new\nline", "back\\slash", "cr\r", "a)b", "-x"})
      dir.write(name, "a");
    dir.write("d/inner", "a");
  }

  void expect_like_sha256sum(const std::string& list, const std::vector<std::string>& options = {},
                             const std::string& input = "") {
    dir.write("list", list);
    expect_same_of("list", options, input);
    if (input.empty()) expect_same_of("-", options, list);
  }

  void expect_same_of(const std::string& name, const std::vector<std::string>& options, const std::string& input) {
    std::string command = "sha256sum --check";
    std::vector<std::string> arguments{"run", "treehash", "--check", name};
    for (const auto& option : options) {
      command += ' ' + option;
      arguments.push_back(option);
    }
    const result theirs = shell(command + " -- " + name, {dir.path(), input});
    const result mine = tokengate(arguments, {dir.path(), input});
    const std::string list = input.empty() ? dir.read(name) : input;
    EXPECT_EQ(mine.out, theirs.out) << list;
    EXPECT_EQ(mine.err, renamed(theirs.err)) << list;
    EXPECT_EQ(mine.code, theirs.code) << list;
  }

  const scratch dir;
};

TEST_F(check, good_lists) {
  expect_like_sha256sum(shell("sha256sum -- *a *c *x new* back* cr* *b d/*", {dir.path()}).out);
  expect_like_sha256sum(shell("sha256sum --tag -- *a *c *x new* back* cr* *b d/*", {dir.path()}).out);
  expect_like_sha256sum(of_a + " *a\n" + of_a + " *d/inner\n");
  expect_like_sha256sum(of_a + "  a");
  expect_like_sha256sum(of_a + "  a\r\n");
  expect_like_sha256sum("# a comment\n\n" + of_a + "  a\n");
  expect_like_sha256sum(upper(of_a) + "  a\n");
}

TEST_F(check, malformed_lines) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--warn"}, {"--strict"}, {"--status"}, {"--quiet"}}) {
    expect_like_sha256sum("", options);
    expect_like_sha256sum("zz\n", options);
    expect_like_sha256sum("zz\n" + of_a + "  a\n", options);
    expect_like_sha256sum("zz\nyy\n" + of_a + "  a\n", options);
    expect_like_sha256sum(of_a + " a\n" + of_a + "  a\n", options);
    expect_like_sha256sum(of_a + "  a\n" + of_a + " a\n", options);
    expect_like_sha256sum("\\" + of_a + "  a\\q\n" + of_a + "  a\n", options);
    expect_like_sha256sum(of_a.substr(2) + "  a\n" + of_a + "  a\n", options);
    expect_like_sha256sum(of_a + "00  a\n" + of_a + "  a\n", options);
  }
}

TEST_F(check, wrong_digests) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--quiet"}, {"--status"}, {"--strict", "--warn"}}) {
    expect_like_sha256sum(wrong + "  a\n", options);
    expect_like_sha256sum(wrong + "  a\n" + of_a + "  b c\n" + wrong + "  d/inner\n", options);
    expect_like_sha256sum("\\" + wrong + "  new\\nline\n", options);
    expect_like_sha256sum("zz\n" + wrong + "  a\n" + of_a + "  nowhere\n", options);
  }
}

TEST_F(check, files_that_cannot_be_read) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{}, {"--ignore-missing"}, {"--quiet"}, {"--status"}}) {
    expect_like_sha256sum(of_a + "  nowhere\n", options);
    expect_like_sha256sum(of_a + "  nowhere\n" + of_a + "  a\n" + of_a + "  no where\n", options);
    expect_like_sha256sum(of_a + "  d\n", options);
    expect_like_sha256sum(of_a + "  a/b\n", options);
  }
}

TEST_F(check, standard_input_as_one_of_the_files) {
  expect_like_sha256sum(of_a + "  -\n" + of_a + "  a\n", {}, "a");
  expect_like_sha256sum(wrong + "  -\n", {}, "a");
}

TEST_F(check, lists_that_cannot_be_read) {
  expect_same_of("nowhere", {}, "");
  expect_same_of("d", {}, "");
}

TEST_F(check, long_lists_keep_their_order) {
  shell(
      "mkdir many && cd many && seq 3000 | split -l1 -a4 - f && for i in 1 2 3; do head -c 9000000 /dev/urandom > "
      "big$i; done",
      {dir.path()});
  std::string list = shell("sha256sum many/*", {dir.path()}).out;
  expect_like_sha256sum(list);
  list[64 * 100] = list[64 * 100] == '0' ? '1' : '0';
  shell("rm many/faaba many/big2", {dir.path()});
  expect_like_sha256sum(list);
}

TEST_F(check, lists_of_its_own) {
  shell("head -c 9000000 /dev/urandom > big", {dir.path()});
  for (const std::string algorithm : {"sha256", "sha512", "blake2b512", "xxh3"}) {
    const result listed = tokengate({"run", "treehash", ".", "--algorithm", algorithm}, {dir.path()});
    const result checked =
        tokengate({"run", "treehash", "--check", "-", "-a", algorithm, "--quiet"}, {dir.path(), listed.out});
    EXPECT_EQ(listed.code, 0);
    EXPECT_EQ(checked.code, 0);
    EXPECT_EQ(checked.out + checked.err, "");
  }
  dir.write("sums", tokengate({"run", "treehash", ".", "-a", "blake2b512"}, {dir.path()}).out);
  EXPECT_EQ(shell("b2sum --check --quiet sums", {dir.path()}).code, 0);
}

TEST_F(check, a_list_through_a_fifo) {
  const std::string program = std::getenv("TOKENGATE_PROGRAM");
  const result mine = shell("mkfifo /tmp/$$.fifo; sha256sum " + dir.path() + "/a > /tmp/$$.fifo & " + program +
                            " run treehash --check /tmp/$$.fifo; code=$?; rm /tmp/$$.fifo; exit $code");
  EXPECT_EQ(mine.code, 0) << mine.err;
  EXPECT_EQ(mine.out, dir.path() + "/a: OK\n");
}

}  // namespace
}  // namespace tokengate::test
