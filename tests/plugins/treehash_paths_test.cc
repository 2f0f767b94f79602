// What the paths on the command line mean, and what a wrong one must not destroy.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>

namespace tokengate::test {
namespace {

TEST(treehash_paths, a_path_that_is_missing_leaves_the_old_list_as_it_was) {
  const scratch dir;
  dir.write("tree/file", "content");
  dir.write("list", "precious\n");
  const result mine = tokengate({"run", "treehash", "tree", "mistyped", "--output", "list"}, {dir.path()});
  EXPECT_EQ(mine.code, 1);
  EXPECT_NE(mine.err.find("mistyped: No such file or directory"), std::string::npos) << mine.err;
  EXPECT_NE(mine.err.find("list: was left as it was"), std::string::npos) << mine.err;
  EXPECT_EQ(dir.read("list"), "precious\n");
}

TEST(treehash_paths, under_bazel_run_are_relative_to_where_the_user_typed) {
  const scratch dir, elsewhere;
  dir.write("file", "content");
  ::setenv("BUILD_WORKING_DIRECTORY", dir.path().c_str(), 1);
  const result mine = tokengate({"run", "treehash", ".", "--output", "list"}, {elsewhere.path()});
  ::unsetenv("BUILD_WORKING_DIRECTORY");
  EXPECT_EQ(mine.code, 0) << mine.err;
  EXPECT_EQ(dir.read("list"), shell("sha256sum ./file", {dir.path()}).out);
}

}  // namespace
}  // namespace tokengate::test
