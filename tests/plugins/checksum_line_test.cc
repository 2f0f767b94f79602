#include <algorithm>

#include <gtest/gtest.h>

#include <tokengate/plugins/treehash/checksum_line.h>

namespace tokengate::treehash {
namespace {

const std::string hex = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";  // of "a"

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

digest of_a() { return hasher(algorithm::sha256).digest_of(std::as_bytes(std::span("a", 1))); }

std::string line(std::string_view path) {
  std::string text;
  append_line(text, of_a().view(), path);
  return text;
}

std::optional<std::string> path_in(std::string_view text, algorithm kind = algorithm::sha256) {
  const auto entry = checksum_parser(kind).parse(text);
  return entry ? std::optional(entry->path) : std::nullopt;
}

TEST(checksum_line, plain_names_are_written_as_they_are) {
  EXPECT_EQ(line("a"), hex + "  a\n");
  EXPECT_EQ(line(" odd\tbut \x80 fine*"), hex + "   odd\tbut \x80 fine*\n");
}

TEST(checksum_line, backslash_newline_and_return_are_escaped) {
  EXPECT_EQ(line("a\\b"), "\\" + hex + "  a\\\\b\n");
  EXPECT_EQ(line("a\nb\r"), "\\" + hex + "  a\\nb\\r\n");
}

TEST(checksum_line, every_name_survives_the_way_out_and_back) {
  for (const std::string name : {"a", " a", "*a", "a\\b", "a\\n\n", "\n", "\\", "\r\n\\", "(a) = b", "a  b"}) {
    const std::string text = line(name);
    const auto entry = checksum_parser(algorithm::sha256).parse(text.substr(0, text.size() - 1));
    ASSERT_TRUE(entry) << text;
    EXPECT_EQ(entry->path, name);
    EXPECT_EQ(entry->expected, of_a());
  }
}

TEST(checksum_line, what_sha256sum_accepts_is_accepted) {
  EXPECT_EQ(path_in(hex + "  a"), "a");
  EXPECT_EQ(path_in(hex + " *a"), "a");
  EXPECT_EQ(path_in(upper(hex) + "  a"), "a");
  EXPECT_EQ(path_in(" \t" + hex + "  a"), "a");
  EXPECT_EQ(path_in(hex + "\t a"), "a");
  EXPECT_EQ(path_in(hex + " a"), "a") << "the old BSD layout";
  EXPECT_EQ(path_in(hex + "  a "), "a ") << "blanks belong to the name";
  EXPECT_EQ(path_in(hex + "  "), " ") << "a one-letter name of the BSD layout";
  EXPECT_EQ(path_in("\\" + hex + "  a\\nb\\\\c\\r"), "a\nb\\c\r");
  EXPECT_EQ(path_in("\\" + hex + " *a\\nb"), "a\nb");
  EXPECT_EQ(path_in(hex + "  a\\nb"), "a\\nb") << "not escaped, so a backslash";
  EXPECT_EQ(path_in(hex + std::string("  a\0b", 5)), "a");
}

TEST(checksum_line, tagged_lines) {
  EXPECT_EQ(path_in("SHA256 (a) = " + hex), "a");
  EXPECT_EQ(path_in("SHA256(a)= " + upper(hex)), "a");
  EXPECT_EQ(path_in("SHA256 (a) b) =\t" + hex), "a) b");
  EXPECT_EQ(path_in("\\SHA256 (a\\nb) = " + hex), "a\nb");
  EXPECT_EQ(path_in("SHA256 (a) = " + hex + " "), std::nullopt);
  EXPECT_EQ(path_in("SHA256 (a) " + hex), std::nullopt);
  EXPECT_EQ(path_in("SHA256 a = " + hex), std::nullopt);
  EXPECT_EQ(path_in("SHA256"), std::nullopt);
  EXPECT_EQ(path_in("SHA512 (a) = " + hex), std::nullopt);
  EXPECT_EQ(path_in("XXH3 (a) = e6c632b61e964e1f", algorithm::xxh3), "a");
  EXPECT_EQ(path_in("e6c632b61e964e1f  a", algorithm::xxh3), "a");
}

TEST(checksum_line, anything_else_is_malformed) {
  for (const std::string& text : {std::string(), std::string("zz"), std::string("\\"), hex, hex + " ", hex + "a",
                                  hex.substr(1) + "  a", hex + "00  a", "g" + hex.substr(1) + "  a",
                                  "\\" + hex + "  a\\q", "\\" + hex + "  a\\", "\\" + hex + std::string("  a\0b", 5)}) {
    EXPECT_EQ(path_in(text), std::nullopt) << text;
  }
}

TEST(checksum_line, both_layouts_do_not_mix) {
  checksum_parser standard_first(algorithm::sha256);
  EXPECT_TRUE(standard_first.parse(hex + "  a"));
  EXPECT_FALSE(standard_first.parse(hex + " a"));
  checksum_parser bsd_first(algorithm::sha256);
  EXPECT_TRUE(bsd_first.parse(hex + " a"));
  EXPECT_EQ(bsd_first.parse(hex + "  a")->path, " a");
}

}  // namespace
}  // namespace tokengate::treehash
