#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/plugins/treehash/checksum_line.h>
#include <tokengate/plugins/treehash/digest.h>

namespace tokengate::treehash {
namespace {

struct vector_of_rfc {
  algorithm kind;
  std::string_view empty, abc;
};

// FIPS 180-4, RFC 7693, and xxhsum's answer.
constexpr vector_of_rfc known[] = {
    {algorithm::sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {algorithm::sha512,
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {algorithm::blake2b512,
     "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"
     "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
     "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
     "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
    {algorithm::xxh3, "2d06800538d394c2", "78af5f94892f3950"},
};

std::string hex_of(const digest& value) {
  std::string line;
  append_line(line, value.view(), "");
  return line.substr(0, line.find(' '));
}

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(digest, known_answers) {
  for (const auto& [kind, empty, abc] : known) {
    EXPECT_EQ(hex_of(hasher(kind).digest_of({})), empty) << facts(kind).name;
    EXPECT_EQ(hex_of(hasher(kind).digest_of(bytes("abc"))), abc) << facts(kind).name;
    EXPECT_EQ(hasher(kind).finish().size, facts(kind).digest_size);
  }
}

TEST(digest, blocks_of_any_size_give_what_one_block_gives) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(i * 7 + i / 256);
  for (const auto& facts_of_one : algorithms) {
    const auto kind = *algorithm_named(facts_of_one.name);
    const digest whole = hasher(kind).digest_of(bytes(text));
    hasher blocks(kind);
    for (const std::size_t size : {1u, 63u, 64u, 1000u, 65536u}) {
      for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) {
        blocks.update(bytes(rest.substr(0, size)));
      }
      EXPECT_EQ(blocks.finish(), whole) << facts_of_one.name << " by " << size;
    }
  }
}

TEST(digest, algorithms_are_found_by_their_names_only) {
  EXPECT_EQ(algorithm_named("blake2b512"), algorithm::blake2b512);
  EXPECT_EQ(algorithm_named("SHA256"), std::nullopt);
  EXPECT_EQ(algorithm_named(""), std::nullopt);
}

}  // namespace
}  // namespace tokengate::treehash
