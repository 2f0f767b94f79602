#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/histogram.h>

namespace tokengate::detail {
namespace {

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

std::vector<std::uint64_t> interesting_values() {
  std::vector<std::uint64_t> values{0, largest};
  for (unsigned bit = 0; bit < 64; ++bit)
    for (std::uint64_t eighth = 0; eighth < 8; ++eighth) {
      const auto value = (std::uint64_t{1} << bit) + (bit >= 3 ? eighth << (bit - 3) : 0);
      values.insert(values.end(), {value - 1, value, value + 1});
    }
  std::sort(values.begin(), values.end());
  return values;
}

TEST(histogram, a_value_lies_in_the_bucket_that_ends_at_or_above_it_and_starts_below) {
  for (const auto value : interesting_values()) {
    const auto bucket = histogram::bucket_of(value);
    ASSERT_LT(bucket, histogram::buckets);
    ASSERT_LE(value, histogram::upper_bound_of(bucket));
    if (bucket == 0) continue;
    ASSERT_GT(value, histogram::upper_bound_of(bucket - 1));
  }
}

TEST(histogram, buckets_cover_everything_without_gaps) {
  EXPECT_EQ(histogram::bucket_of(0), 0u);
  EXPECT_EQ(histogram::bucket_of(largest), histogram::buckets - 1);
  EXPECT_EQ(histogram::upper_bound_of(histogram::buckets - 1), largest);
  for (std::size_t bucket = 0; bucket + 1 < histogram::buckets; ++bucket)
    ASSERT_EQ(histogram::bucket_of(histogram::upper_bound_of(bucket) + 1), bucket + 1);
}

TEST(histogram, a_bucket_is_at_most_an_eighth_wide) {
  for (const auto value : interesting_values()) {
    const auto excess = histogram::upper_bound_of(histogram::bucket_of(value)) - value;
    ASSERT_LE(excess, value / 8) << value;
  }
}

TEST(histogram, percentiles_are_at_most_an_eighth_too_high_and_never_too_low) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> durations(8, 3);
  histogram measured;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(durations(random)));
    measured.add(values.back());
  }
  std::sort(values.begin(), values.end());
  histogram::total sum;
  sum.add(measured);
  EXPECT_EQ(sum.count(), values.size());
  EXPECT_EQ(sum.max(), values.back());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = values[static_cast<std::size_t>(share * static_cast<double>(values.size())) - 1];
    EXPECT_GE(sum.percentile(share), exact) << share;
    EXPECT_LE(sum.percentile(share), exact + exact / 8) << share;
  }
}

TEST(histogram, no_percentile_exceeds_the_largest_value) {
  histogram measured;
  measured.add(1'000'001);
  histogram::total sum;
  sum.add(measured);
  EXPECT_EQ(sum.percentile(0.5), 1'000'001u);
  EXPECT_EQ(sum.percentile(1.0), 1'000'001u);
}

TEST(histogram, a_total_adds_the_parts_up) {
  histogram here, there;
  for (int i = 0; i < 99; ++i) here.add(5);
  there.add(7);
  histogram::total sum;
  sum.add(here);
  sum.add(there);
  EXPECT_EQ(sum.count(), 100u);
  EXPECT_EQ(sum.max(), 7u);
  EXPECT_EQ(sum.percentile(0.5), 5u);
  EXPECT_EQ(sum.percentile(0.99), 5u);
  EXPECT_EQ(sum.percentile(1.0), 7u);
}

TEST(histogram, an_empty_one_reads_as_nothing) {
  const histogram::total nothing;
  EXPECT_EQ(nothing.count(), 0u);
  EXPECT_EQ(nothing.max(), 0u);
  EXPECT_EQ(nothing.percentile(0.5), 0u);
}

TEST(histogram, zero_counts_like_any_value) {
  histogram measured;
  measured.add(0);
  measured.add(0);
  measured.add(100);
  histogram::total sum;
  sum.add(measured);
  EXPECT_EQ(sum.count(), 3u);
  EXPECT_EQ(sum.percentile(0.5), 0u);
  EXPECT_EQ(sum.max(), 100u);
}

TEST(histogram, sums_of_parts_that_used_different_buckets_are_right) {
  std::mt19937_64 random(7);
  histogram parts[3], whole;
  for (int i = 0; i < 30'000; ++i) {
    const auto value = random() >> (random() % 64);
    if (value > largest / 2 && i % 3 != 0) continue;
    parts[i % 3].add(value);
    whole.add(value);
  }
  histogram::total sum, expected;
  for (const auto& part : parts) sum.add(part);
  expected.add(whole);
  EXPECT_EQ(sum.count(), expected.count());
  EXPECT_EQ(sum.max(), expected.max());
  for (const double share : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0})
    EXPECT_EQ(sum.percentile(share), expected.percentile(share)) << share;
}

TEST(histogram, a_lazy_one_is_like_any_other_once_it_has_a_value) {
  lazy_histogram measured;
  histogram::total nothing, something;
  measured.add_to(nothing);
  EXPECT_EQ(nothing.count(), 0u);
  for (const std::uint64_t value : {5, 70, 70'000}) measured.add(value);
  measured.add_to(something);
  EXPECT_EQ(something.count(), 3u);
  EXPECT_EQ(something.max(), 70'000u);
  EXPECT_LE(sizeof(lazy_histogram), sizeof(void*));
}

}  // namespace
}  // namespace tokengate::detail
