#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <unistd.h>

#include <tokengate/plugins/treehash/forest.h>

namespace tokengate::treehash {
namespace {

std::unique_ptr<listing> listed(std::initializer_list<const char*> names) {
  auto list = std::make_unique<listing>(8);
  digest value;
  value.size = 8;
  for (const char* const name : names) list->set_digest(list->add_file(name), value);
  list->seal();
  return list;
}

std::vector<std::string> lines(
    const forest& found, const std::function<bool()>& stopping = [] { return false; }) {
  buffered_writer out(-1, "");
  write_lines(found, out, stopping);
  std::vector<std::string> paths;
  for (std::string_view rest = out.text(); !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    paths.emplace_back(rest.substr(18, rest.find('\n') - 18));
  }
  return paths;
}

TEST(forest, trees_are_merged_in_the_order_of_their_paths) {
  forest found{listed({"z", "a-", "b/x"}), {}};
  found.trees.push_back({"b", listed({"y", "w"})});
  found.trees.push_back({"a", listed({"1"})});
  EXPECT_EQ(lines(found), (std::vector<std::string>{"a-", "a/1", "b/w", "b/x", "b/y", "z"}));
}

TEST(forest, a_path_is_listed_once) {
  forest found{listed({"a/x", "a/y", "a/y/z"}), {}};
  found.trees.push_back({"a", listed({"x", "y"})});
  found.trees.push_back({"a/", listed({"y", "z"})});
  EXPECT_EQ(lines(found), (std::vector<std::string>{"a/x", "a/y", "a/y/z", "a/z"}));
}

TEST(forest, nothing_found) { EXPECT_TRUE(lines({listed({}), {}}).empty()); }

TEST(forest, stops_when_asked) {
  int left = 2;
  EXPECT_EQ(lines({listed({"a", "b", "c"}), {}}, [&] { return left-- == 0; }).size(), 2u);
}

}  // namespace
}  // namespace tokengate::treehash
