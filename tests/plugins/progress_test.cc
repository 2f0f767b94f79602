#include <gtest/gtest.h>

#include <tokengate/plugins/treehash/progress.h>

namespace tokengate::treehash {
namespace {

using namespace std::chrono_literals;

const report::rate::clock::time_point start{1h};

TEST(progress, before_the_survey_is_complete_nothing_is_promised) {
  tally done;
  totals all;
  done.files = 1500;
  done.bytes = 3'000'000;
  all.files = 9999;
  EXPECT_EQ(progress(start).text(start + 2s, done, all), "1,500 files, 3.00 MB, 1.50 MB/s");
}

TEST(progress, afterwards_the_end_is_in_sight) {
  tally done;
  totals all;
  done.files = 1500;
  done.bytes = 3'000'000;
  all.files = 6000;
  all.bytes = 12'000'000;
  all.complete = true;
  EXPECT_EQ(progress(start).text(start + 2s, done, all),
            "1,500 of 6,000 files, 3.00 MB of 12.0 MB, 1.50 MB/s, 0:06 left");
}

TEST(progress, a_verification_is_as_far_as_its_list) {
  tally done;
  list_progress list;
  done.files = 10;
  done.bytes = 1'000'000;
  EXPECT_EQ(progress(start).text(start + 1s, done, list), "10 files, 1.00 MB, 1.00 MB/s");
  list.size = 1000;
  list.taken = 250;
  EXPECT_EQ(progress(start).text(start + 1s, done, list), "10 files, 1.00 MB, 1.00 MB/s, 0:03 left");
}

}  // namespace
}  // namespace tokengate::treehash
