#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/plugins/treehash/listing.h>

namespace tokengate::treehash {
namespace {

digest numbered(std::uint8_t number) {
  digest value;
  value.size = 8;
  value.bytes[0] = number;
  return value;
}

std::unique_ptr<listing> with_file(std::string_view name) {
  auto made = std::make_unique<listing>(8);
  made->set_digest(made->add_file(name), numbered(1));
  made->seal();
  return made;
}

std::vector<std::string> paths(const listing& top, std::string_view root) {
  std::vector<std::string> all;
  for (listing_cursor cursor(top, directory_prefix(root)); cursor.next();) all.push_back(cursor.path());
  return all;
}

TEST(listing, names_keep_their_digests) {
  listing list(8);
  std::vector<listing::index> files;
  for (int i = 0; i < 200; ++i) files.push_back(list.add_file(std::to_string(i)));
  for (int i = 199; i >= 0; --i)
    list.set_digest(files[static_cast<std::size_t>(i)], numbered(static_cast<std::uint8_t>(i)));
  list.seal();
  int count = 0;
  for (listing_cursor cursor(list, ""); cursor.next(); ++count) {
    EXPECT_EQ(cursor.path(), std::to_string(cursor.digest()[0]));
    EXPECT_EQ(cursor.digest().size(), 8u);
  }
  EXPECT_EQ(count, 200);
}

TEST(listing, walks_in_the_byte_order_of_whole_paths) {
  listing list(8);
  for (const char* const name : {"a.c", "a-b", "a0", "b", "\x80", "A", "aa"})
    list.set_digest(list.add_file(name), numbered(0));
  list.add_directory("a");
  list.add_directory("a-");
  list.seal();
  list.set_below(0, with_file("x"));
  list.set_below(1, with_file("\n"));
  auto sorted = paths(list, "r");
  const std::vector<std::string> expected{"r/A", "r/a-/\n", "r/a-b", "r/a.c", "r/a/x", "r/a0", "r/aa", "r/b", "r/\x80"};
  EXPECT_EQ(sorted, expected);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, expected);
}

TEST(listing, what_has_no_digest_is_left_out) {
  listing list(8);
  list.add_file("unreadable");
  list.add_directory("forbidden");
  list.set_digest(list.add_file("fine"), numbered(0));
  list.seal();
  EXPECT_EQ(paths(list, "r"), std::vector<std::string>{"r/fine"});
  EXPECT_EQ(list.directories(), 1u);
  EXPECT_STREQ(list.directory_name(0), "forbidden");
}

TEST(listing, roots_are_spelled_as_find_does) {
  const auto list = with_file("x");
  EXPECT_EQ(paths(*list, "r"), std::vector<std::string>{"r/x"});
  EXPECT_EQ(paths(*list, "r/"), std::vector<std::string>{"r/x"});
  EXPECT_EQ(paths(*list, "r//"), std::vector<std::string>{"r//x"});
  EXPECT_EQ(paths(*list, "/"), std::vector<std::string>{"/x"});
  EXPECT_EQ(paths(*list, "."), std::vector<std::string>{"./x"});
}

TEST(listing, names_do_not_move_and_may_be_long) {
  listing list(8);
  const auto first = list.add_file("first");
  const char* const address = list.name(first);
  const std::string longest(65'535, 'l');
  const auto big = list.add_file(longest);
  for (int i = 0; i < 10'000; ++i) list.add_file("some name of no meaning " + std::to_string(i));
  EXPECT_EQ(list.name(first), address);
  EXPECT_STREQ(address, "first");
  EXPECT_EQ(list.name(big), longest);
}

TEST(listing, a_very_deep_tree_is_walked_and_destroyed) {
  auto list = with_file("x");
  for (int i = 0; i < 200'000; ++i) {
    auto above = std::make_unique<listing>(8);
    above->add_directory("d");
    above->seal();
    above->set_below(0, std::move(list));
    list = std::move(above);
  }
  const auto all = paths(*list, "");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].size(), 1 + 2 * 200'000 + 1);
}

}  // namespace
}  // namespace tokengate::treehash
