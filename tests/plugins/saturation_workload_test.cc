// `tokengate run saturation`, run as its users do.
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>
#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {
namespace {

TEST(saturation_workload, ratios_add_up) {
  const scratch dir;
  const result done = tokengate({"run", "saturation", "--sleepers", "200", "--sleep", "5ms", "--sustain", "50ms",
                                 "--cores", "2", "--json", "now.json", "--stats"},
                                {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("now.json"));
  EXPECT_TRUE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  EXPECT_EQ(report.at("settings").at("workers").as_int64(), 8);
  const auto& rows = report.at("rows").as_array();
  ASSERT_EQ(rows.size(), 5u) << done.out;
  for (const auto& row : rows) {
    const auto of = [&row](const char* key) { return row.at(key).to_number<double>(); };
    EXPECT_NEAR(of("ratio"), of("by_workers") * 8, 1e-9);
    EXPECT_NEAR(of("ratio"), of("by_cores") * 2, 1e-9);
    EXPECT_GE(of("overlap") * 1.000001, of("ratio")) << "nobody sleeps shorter than asked for";
    EXPECT_GE(of("turnaround"), of("overlap") * 0.999999);
    EXPECT_GE(of("at_once"), 1);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const double slept = rows[i].at("tokens").to_number<double>() * 0.005;
    EXPECT_NEAR(rows[i].at("ratio").to_number<double>() * rows[i].at("seconds").to_number<double>(), slept, 1e-6);
    EXPECT_LE(rows[i].at("at_once").as_int64(), 200);
  }
  EXPECT_EQ(rows[0].at("tokens").as_int64(), 200);
  EXPECT_EQ(rows[1].at("tokens").as_int64(), 200);
  EXPECT_GE(rows[2].at("tokens").as_int64(), 200);
  EXPECT_EQ(rows[3].at("tokens").as_int64(), 8);
  EXPECT_EQ(rows[4].at("tokens").as_int64() % 8, 0);
  EXPECT_TRUE(rows[0].at("predecessor").is_null()) << "it had 10,000 sleepers of 1 ms";

  const auto light = static_cast<std::int64_t>(tokens_counted(done.err, "light_sleeper"));
  const auto heavy = static_cast<std::int64_t>(tokens_counted(done.err, "heavy_sleeper"));
  const std::int64_t sustained = rows[2].at("tokens").as_int64();
  EXPECT_EQ(light, 200 + 100 + (sustained + 1) / 2);
  EXPECT_EQ(heavy, 100 + sustained / 2);
  EXPECT_EQ(static_cast<std::int64_t>(tokens_counted(done.err, "computing")), rows[4].at("tokens").as_int64());
  expect_same_numbers(done.out, report, 1, "tokens");
  expect_same_numbers(done.out, report, 4, "ratio");
  expect_same_numbers(done.out, report, 9, "at_once");
}

TEST(saturation_workload, sleepers_hold_no_worker) {
  const scratch dir;
  const result done = tokengate({"run", "saturation", "--sleepers", "100", "--sleep", "200ms", "--sustain", "1ms",
                                 "--cores", "1", "--json", "now.json"},
                                {dir.path()});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_GT(json_of(dir.read("now.json")).at("rows").as_array().front().at("at_once").as_int64(), 4)
      << "a core has four workers";
}

TEST(saturation_workload, bad_options_are_refused) {
  expect_refused({"saturation", "--sleepers", "0"}, "is no number from 1 to");
  expect_refused({"saturation", "--sleepers", "1000001"}, "is no number from 1 to 1,000,000");
  expect_refused({"saturation", "--sleepers", "many"}, "--sleepers");
  expect_refused({"saturation", "--sleep", "1"}, "is no length of time");
  expect_refused({"saturation", "--sustain", "0s"}, "is no length of time");
}

TEST(saturation_workload, an_interrupt_ends_a_burst) {
  const scratch dir;
  running program({"run", "saturation", "--sleep", "1h", "--sleepers", "1000"}, running::output::terminal, dir.path());
  ASSERT_TRUE(program.wait_for("burst, light sleepers"));
  interrupted(program);
}

TEST(saturation_workload, an_interrupt_reports_what_was_done) {
  const scratch dir;
  running program({"run", "saturation", "--sustain", "1h", "--sleepers", "100", "--json", "now.json"},
                  running::output::terminal, dir.path());
  ASSERT_TRUE(program.wait_for("sustained, half of them heavy"));
  const std::string out = interrupted(program);
  const auto report = json_of(dir.read("now.json"));
  EXPECT_FALSE(report.at("complete").as_bool());
  EXPECT_GE(report.at("rows").as_array().size(), 2u) << out;
}

}  // namespace
}  // namespace tokengate::test
