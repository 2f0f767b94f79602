// Fingerprints: equal values have equal ones, in every process, and different values do not share theirs.
#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <boost/hana/define_struct.hpp>
#include <gtest/gtest.h>

#include <tokengate/anchors/fingerprint.h>

namespace shop {

struct account {
  std::uint64_t number = 0;
  std::string currency;
  int cached_balance = 0;  // not part of what it is
  friend void fingerprint_append(auto& to, const account& each) { to(each.number, each.currency); }
};

struct item {
  BOOST_HANA_DEFINE_STRUCT(item, (int, size), (std::string, colour));
};

struct unknown {
  int x = 0;
};
struct session {};
enum class colour : std::uint8_t { red, green };

}  // namespace shop

template <>
inline constexpr bool tokengate::fingerprint_by_address<shop::session*> = true;

namespace tokengate {
namespace {

using enum hash_policy;
using namespace std::chrono_literals;

// Computed once: every process, compiler and day must come to the same. The first is also
//   printf '\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0' | xxhsum -H3
TEST(fingerprint, is_the_same_in_every_process) {
  EXPECT_EQ(fingerprint(1), 0x6ca7f978e15828a6u);
  EXPECT_EQ(fingerprint(std::string("ledger"), -7), 0xb4232cef9fa9fad6u);
  EXPECT_EQ(fingerprint(std::string(1000, 'x')), 0x9c51942d9c8f74e7u);
  EXPECT_EQ(fingerprint(std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}}), 0x4ea6fdc8c8e306a6u);
}

TEST(fingerprint, of_equal_values_is_equal) {
  EXPECT_EQ(fingerprint(7), fingerprint(std::uint64_t{7}));
  EXPECT_EQ(fingerprint(short{-7}), fingerprint(std::int64_t{-7}));
  EXPECT_EQ(fingerprint(true), fingerprint(1));
  EXPECT_EQ(fingerprint(shop::colour::green), fingerprint(1));
  EXPECT_EQ(fingerprint(0.0), fingerprint(-0.0));
  EXPECT_EQ(fingerprint(0.5F), fingerprint(0.5));
  EXPECT_EQ(fingerprint(0.5L), fingerprint(0.5));
  EXPECT_EQ(fingerprint(std::nan("1")), fingerprint(-std::nan("2")));
  EXPECT_EQ(fingerprint(std::vector{1, 2}), fingerprint(std::array{1, 2}));
  EXPECT_EQ(fingerprint(std::list{1, 2}), fingerprint(std::deque<long>{1, 2}));
  EXPECT_EQ(fingerprint(std::filesystem::path("/a//b")), fingerprint(std::filesystem::path("/a/b")));
  EXPECT_EQ(fingerprint(nullptr), fingerprint(std::optional<int>{})) << "both are nothing";
  EXPECT_EQ(fingerprint(1000ms), fingerprint(1s));
  EXPECT_EQ(fingerprint(std::chrono::sys_days{}), fingerprint(std::chrono::sys_seconds{}));
  EXPECT_EQ(fingerprint(shop::account{7, "EUR", 1}), fingerprint(shop::account{7, "EUR", 2}));
  EXPECT_EQ(fingerprint(1, std::string("a")), fingerprint(1, std::string("a")));
}

TEST(fingerprint, of_unordered_containers_does_not_know_their_order) {
  std::unordered_set<int> forth, back;
  std::unordered_map<std::string, int> map_forth, map_back;
  for (int i = 0; i < 1000; ++i) {
    forth.insert(i);
    map_forth.emplace(std::to_string(i), i);
  }
  back.reserve(10'000);
  for (int i = 999; i >= 0; --i) {
    back.insert(i);
    map_back.emplace(std::to_string(i), i);
  }
  EXPECT_EQ(fingerprint(forth), fingerprint(back));
  EXPECT_EQ(fingerprint(map_forth), fingerprint(map_back));
  back.erase(7);
  EXPECT_NE(fingerprint(forth), fingerprint(back));
  map_back["7"] = 8;
  EXPECT_NE(fingerprint(map_forth), fingerprint(map_back));
  EXPECT_NE(fingerprint(std::unordered_multiset{1, 1}), fingerprint(std::unordered_multiset{1}));
}

TEST(fingerprint, of_different_values_differs) {
  const std::vector<std::uint64_t> all{
      fingerprint(),
      fingerprint(0),
      fingerprint(1),
      fingerprint(-1),
      fingerprint(std::numeric_limits<std::uint64_t>::max()),
      fingerprint(1.0),
      fingerprint(1.0L + std::numeric_limits<long double>::epsilon()),
      fingerprint(std::numeric_limits<double>::infinity()),
      fingerprint(std::nan("")),
      fingerprint(std::string("1")),
      fingerprint(std::string("a"), std::string("bc")),
      fingerprint(std::string("ab"), std::string("c")),
      fingerprint(std::string("abc")),
      fingerprint(std::string("abc"), std::string()),
      fingerprint(std::u16string(u"abc")),
      fingerprint(std::filesystem::path("abc")),
      fingerprint(std::string(300, 'x')),
      fingerprint(std::string(301, 'x')),
      fingerprint(std::string(240, 'x')),
      fingerprint(std::vector<int>{}),
      fingerprint(std::vector<int>{0}),
      fingerprint(std::vector<int>{0, 0}),
      fingerprint(std::vector<unsigned>{0}),
      fingerprint(std::vector<std::vector<int>>{{}, {}}),
      fingerprint(std::vector<std::vector<int>>{{}}),
      fingerprint(std::vector<std::string>{"a", "b"}),
      fingerprint(std::vector<std::string>{"ab"}),
      fingerprint(std::vector<bool>{true, false}),
      fingerprint(std::vector<bool>{false, true}),
      fingerprint(std::set{1, 2}),
      fingerprint(std::unordered_set{1, 2}),
      fingerprint(std::map<int, int>{{1, 2}}),
      fingerprint(std::pair(1, 2)),
      fingerprint(std::tuple(1, 2, 3)),
      fingerprint(1, 2, 3),
      fingerprint(2, 1, 3),
      fingerprint(std::optional<int>{}),
      fingerprint(std::optional(0)),
      fingerprint(std::optional(1)),
      fingerprint(std::variant<int, long>(1)),
      fingerprint(std::variant<int, long>(1L)),
      fingerprint(1s),
      fingerprint(1ns),
      fingerprint(1001ms),
      fingerprint(std::complex(1.0, 2.0)),
      fingerprint(std::complex(2.0, 1.0)),
      fingerprint(std::bitset<3>(5)),
      fingerprint(std::bitset<4>(5)),
      fingerprint(shop::account{7, "EUR"}),
      fingerprint(shop::account{8, "EUR"}),
      fingerprint(shop::item{3, "red"}),
      fingerprint(shop::item{3, "green"}),
  };
  auto sorted = all;
  std::sort(sorted.begin(), sorted.end());
  const auto same = std::adjacent_find(sorted.begin(), sorted.end());
  ASSERT_EQ(same, sorted.end()) << std::find(all.begin(), all.end(), *same) - all.begin() << " is not alone";
}

TEST(fingerprint, policies_say_what_counts) {
  int here = 1, there = 1;
  EXPECT_EQ(fingerprint<none>(1, std::string("a")), fingerprint<none>(2, std::string("b")));
  EXPECT_EQ(fingerprint<fast>(shop::account{7, "EUR"}), fingerprint<fast>(shop::account{8, "EUR"}));
  EXPECT_NE(fingerprint<fast>(shop::account{}), fingerprint<fast>(shop::item{}));
  EXPECT_NE(fingerprint<fast>(&here), fingerprint<fast>(&there));
  EXPECT_EQ(fingerprint<fast>(&here), fingerprint<fast>(std::ref(here)));
  EXPECT_EQ(fingerprint<full>(&here), fingerprint<full>(&there));
  EXPECT_EQ(fingerprint<full>(std::ref(here)), fingerprint<full>(std::make_unique<int>(1)));
  EXPECT_EQ(fingerprint<full>(&here), fingerprint<full>(std::make_shared<const int>(1)));
  there = 2;
  EXPECT_NE(fingerprint<full>(&here), fingerprint<full>(&there));
  EXPECT_NE(fingerprint<full>(&here), fingerprint<full>(static_cast<int*>(nullptr)));
  shop::session one, other;
  EXPECT_NE(fingerprint(&one), fingerprint(&other));
  EXPECT_EQ(fingerprint(&one), fingerprint(&one));
}

static_assert(fingerprintable<int> && fingerprintable<std::string> && fingerprintable<shop::account> &&
              fingerprintable<shop::item> && fingerprintable<shop::session*>);
static_assert(fingerprintable<std::vector<std::map<std::string, std::optional<shop::account>>>>);
static_assert(fingerprintable<const std::pair<int, shop::colour>&>);
static_assert(!fingerprintable<shop::unknown> && !fingerprintable<std::vector<shop::unknown>> &&
              !fingerprintable<std::optional<shop::unknown>> && !fingerprintable<std::pair<int, shop::unknown>>);
static_assert(!fingerprintable<int*> && !fingerprintable<const char*> &&
              !fingerprintable<std::reference_wrapper<int>> && !fingerprintable<std::unique_ptr<int>> &&
              !fingerprintable<std::shared_ptr<int>> && !fingerprintable<std::unique_ptr<int[]>, full> &&
              !fingerprintable<void (*)()> && !fingerprintable<std::function<void()>>);
static_assert(fingerprintable<shop::unknown, fast> && fingerprintable<shop::unknown, none> &&
              !fingerprintable<shop::unknown, full>);
static_assert(fingerprintable<int*, fast> && fingerprintable<int*, full> && !fingerprintable<void*, full> &&
              fingerprintable<void*, fast> && fingerprintable<void (*)(), fast>);

// Statistics: of a quarter million keys as they come in practice none should share a fingerprint (the chance is 2e-9),
// nor much more keys than by chance the low bits that choose a core or a shard.
TEST(fingerprint, does_not_collide_and_spreads) {
  constexpr int count = 1 << 18, shards = 64, of_a_shard = count / shards;
  std::vector<std::uint64_t> numbers, texts, pairs;
  for (int i = 0; i < count; ++i) {
    numbers.push_back(fingerprint(i));
    texts.push_back(fingerprint("customer/" + std::to_string(i)));
    pairs.push_back(fingerprint(i / 1024, i % 1024));
  }
  for (auto* const all : {&numbers, &texts, &pairs}) {
    std::array<int, shards> low{}, high{};
    for (const auto each : *all) {
      ++low[each % shards];
      ++high[each >> 58];
    }
    // 4096 a shard, deviation 64: 6 deviations is once in 5e8.
    for (const auto in_shard : low) EXPECT_NEAR(in_shard, of_a_shard, 385);
    for (const auto in_shard : high) EXPECT_NEAR(in_shard, of_a_shard, 385);
    std::sort(all->begin(), all->end());
    EXPECT_EQ(std::adjacent_find(all->begin(), all->end()), all->end());
  }
}

// Every bit of what goes in changes every bit of what comes out half of the time.
TEST(fingerprint, avalanches) {
  std::mt19937_64 random(11);
  constexpr int samples = 4000, half = samples / 2;
  std::vector<std::array<int, 64>> changed(64);
  for (int sample = 0; sample < samples; ++sample) {
    const auto value = random();
    const auto before = fingerprint(value);
    for (unsigned in = 0; in < 64; ++in) {
      auto difference = before ^ fingerprint(value ^ std::uint64_t{1} << in);
      for (; difference != 0; difference &= difference - 1)
        ++changed[in][static_cast<std::size_t>(std::countr_zero(difference))];
    }
  }
  // 2000 of 4000, deviation 32; 4096 pairs: 6.5 deviations.
  for (const auto& row : changed)
    for (const auto each : row) ASSERT_NEAR(each, half, 206);
}

}  // namespace
}  // namespace tokengate
