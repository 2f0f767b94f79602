#include <cstdlib>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <tokengate/io/error.h>
#include <tokengate/plugins/treehash/list_reader.h>

namespace tokengate::treehash {
namespace {

std::vector<std::string> lines_of(const std::string& content) {
  std::string path = testing::TempDir() + "list_XXXXXX";
  ::close(::mkstemp(path.data()));
  std::ofstream(path, std::ios::binary) << content;
  std::vector<std::string> lines;
  {
    list_reader list(path);
    EXPECT_EQ(list.size(), content.size());
    EXPECT_EQ(list.bytes_taken(), 0u);
    while (const auto line = list.next()) lines.emplace_back(*line);
    EXPECT_FALSE(list.next());
    EXPECT_EQ(list.bytes_taken(), content.size());
  }
  ::unlink(path.c_str());
  return lines;
}

using all = std::vector<std::string>;

TEST(list_reader, line_ends) {
  EXPECT_EQ(lines_of(""), all{});
  EXPECT_EQ(lines_of("\n"), all{""});
  EXPECT_EQ(lines_of("a\nb"), (all{"a", "b"}));
  EXPECT_EQ(lines_of("a\r\n\r\nb\r\r\nc\rd\n"), (all{"a", "", "b\r", "c\rd"}));
  EXPECT_EQ(lines_of("a\r"), all{"a"});
}

TEST(list_reader, lines_longer_than_any_buffer) {
  const std::string line(1'000'000, 'x');
  EXPECT_EQ(lines_of(line + "\nshort\n" + line), (all{line, "short", line}));
}

TEST(list_reader, many_lines) {
  std::string content;
  all expected;
  for (int i = 0; i < 100'000; ++i) {
    expected.push_back(std::to_string(i * 7919));
    content += expected.back() + "\n";
  }
  EXPECT_EQ(lines_of(content), expected);
}

TEST(list_reader, a_list_that_is_not_there) { EXPECT_THROW(list_reader("/no/such/list"), io::io_error); }

}  // namespace
}  // namespace tokengate::treehash
