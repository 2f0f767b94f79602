#include <gtest/gtest.h>

#include <tokengate/plugins/report/human.h>

namespace tokengate::report {
namespace {

using namespace std::chrono_literals;

TEST(human, counts) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(12345678), "12,345,678");
}

TEST(human, bytes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.00 kB");
  EXPECT_EQ(bytes_text(1'500'000), "1.50 MB");
  EXPECT_EQ(bytes_text(15'040'000), "15.0 MB");
  EXPECT_EQ(bytes_text(999'400'000), "999 MB");
  EXPECT_EQ(bytes_text(999'600'000), "1.00 GB");
  EXPECT_EQ(bytes_text(~std::uint64_t{0}), "18.4 EB");
}

TEST(human, durations) {
  EXPECT_EQ(duration_text(0ns), "0 ns");
  EXPECT_EQ(duration_text(850ns), "850 ns");
  EXPECT_EQ(duration_text(1234ns), "1.23 us");
  EXPECT_EQ(duration_text(45600us), "45.6 ms");
  EXPECT_EQ(duration_text(5000s), "5000 s");
}

TEST(human, clocks) {
  EXPECT_EQ(clock_text(0s), "0:00");
  EXPECT_EQ(clock_text(62s), "1:02");
  EXPECT_EQ(clock_text(3723s), "1:02:03");
  EXPECT_EQ(clock_text(-5s), "0:00");
}

// The right-hand sides are what GNU coreutils prints in its messages.
TEST(human, names_are_quoted_as_gnu_tools_do) {
  for (const std::string plain : {"a", "a#b", "a~b", "{x", "a-b.c/d", "\xc3\xa9", "a%b,c+d@e]f"})
    EXPECT_EQ(quoted_name(plain), plain);
  EXPECT_EQ(quoted_name("a b"), "'a b'");
  EXPECT_EQ(quoted_name("a:b"), "'a:b'");
  EXPECT_EQ(quoted_name("a$b"), "'a$b'");
  EXPECT_EQ(quoted_name("#a"), "'#a'");
  EXPECT_EQ(quoted_name("a\\b"), "'a\\b'");
  EXPECT_EQ(quoted_name("it's"), "\"it's\"");
  EXPECT_EQ(quoted_name("it's $x"), "'it'\\''s $x'");
  EXPECT_EQ(quoted_name("a\nb"), "'a'$'\\n''b'");
  EXPECT_EQ(quoted_name("a\n"), "'a'$'\\n'");
  EXPECT_EQ(quoted_name("a\n\tb\x01"), "'a'$'\\n\\t''b'$'\\001'");
  EXPECT_EQ(quoted_name("\x1b[0m"), "''$'\\033''[0m'");
}

}  // namespace
}  // namespace tokengate::report
