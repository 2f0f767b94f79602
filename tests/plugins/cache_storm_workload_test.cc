// `tokengate run cache-storm`, run as its users do.
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>
#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {
namespace {

double in_summary(const boost::json::object& report, const char* key) {
  return report.at("summary").at(key).at("value").to_number<double>();
}

TEST(cache_storm_workload, no_key_is_on_two_cores) {
  const scratch dir;
  const result done = tokengate(
      {"run", "cache-storm", "--hold", "50ms", "--every", "5ms", "--cores", "2", "--json", "storm.json", "--stats"},
      {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("storm.json"));
  EXPECT_TRUE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  EXPECT_EQ(report.at("settings").at("keys").as_int64(), 4);
  EXPECT_EQ(report.at("settings").at("waves").as_int64(), 6);
  EXPECT_EQ(in_summary(report, "tokens"), 28);
  EXPECT_EQ(in_summary(report, "keys_on_one_core"), 4);
  EXPECT_EQ(in_summary(report, "keys_on_two_cores"), 0);
  EXPECT_EQ(in_summary(report, "pins_left"), 0);
  EXPECT_EQ(tokens_counted(done.err, "storm_token"), 28u) << done.err;

  const auto& rows = report.at("rows").as_array();
  ASSERT_EQ(rows.size(), 8u) << "after the first tokens, after each wave, and afterwards";
  for (const auto& row : rows) {
    EXPECT_LE(row.at("keys").as_int64(), 4);
    EXPECT_LE(row.at("held").as_int64(), row.at("submitted").as_int64());
    EXPECT_LE(row.at("most").as_int64(), row.at("held").as_int64());
  }
  EXPECT_EQ(rows.back().at("keys").as_int64(), 0);
  EXPECT_EQ(rows.back().at("held").as_int64(), 0);
  EXPECT_EQ(rows.back().at("submitted").as_int64(), 28);

  const auto& keys = report.at("pinned").as_array();
  ASSERT_EQ(keys.size(), 4u);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(keys[i].at("key").as_int64(), 101 * (static_cast<std::int64_t>(i) + 1));
    EXPECT_EQ(keys[i].at("tokens").as_int64(), 7);
  }
  expect_same_numbers(done.out, report, 2, "submitted");
}

TEST(cache_storm_workload, larger_storms) {
  const scratch dir;
  const result done = tokengate({"run", "cache-storm", "--keys", "500", "--waves", "9", "--tokens", "3", "--hold",
                                 "1ms", "--every", "1ms", "--json", "storm.json"},
                                {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("storm.json"));
  EXPECT_EQ(in_summary(report, "tokens"), 500 + 9 * 3 * 500);
  EXPECT_EQ(in_summary(report, "keys_on_two_cores"), 0);
  EXPECT_EQ(report.at("pinned").as_array().size(), 500u);
  EXPECT_NE(done.out.find("... and 484 more"), std::string::npos) << done.out;
}

TEST(cache_storm_workload, exclusive_keys_do_not_interleave) {
  const scratch dir;
  const result done = tokengate({"run", "cache-storm", "--exclusive", "--keys", "3", "--tokens", "4", "--hold", "1ms",
                                 "--every", "1ms", "--json", "storm.json", "--stats"},
                                {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("storm.json"));
  EXPECT_EQ(report.at("settings").at("anchor"), "strand");
  EXPECT_EQ(in_summary(report, "most_inside"), 1);
  EXPECT_EQ(in_summary(report, "begun_out_of_order"), 0);
  EXPECT_EQ(tokens_counted(done.err, "storm_exclusive"), 75u) << done.err;
}

TEST(cache_storm_workload, one_core) {
  const result done = tokengate({"run", "cache-storm", "--hold", "1ms", "--every", "1ms", "--cores", "1"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(table_of(done.out).back().back(), "0") << done.out;
}

TEST(cache_storm_workload, bad_options_are_refused) {
  expect_refused({"cache-storm", "--keys", "0"}, "is no number from 1 to 1,000,000");
  expect_refused({"cache-storm", "--waves", "many"}, "--waves");
  expect_refused({"cache-storm", "--hold", "1.5"}, "is no length of time");
  expect_refused({"cache-storm", "--every", "-1ms"}, "is no length of time");
  expect_refused({"cache-storm", "--keys", "1000000"}, "make more than 5,000,000 tokens");
  expect_refused({"cache-storm", "--keys", "1000000", "--waves", "10000", "--tokens", "5000000"}, "--tokens together");
}

TEST(cache_storm_workload, an_interrupt_reports_what_was_done) {
  const scratch dir;
  running program({"run", "cache-storm", "--every", "1h", "--hold", "1h", "--json", "storm.json"},
                  running::output::terminal, dir.path());
  ASSERT_TRUE(program.wait_for("first tokens"));
  interrupted(program);
  EXPECT_FALSE(json_of(dir.read("storm.json")).at("complete").as_bool());
}

}  // namespace
}  // namespace tokengate::test
