// `tokengate run endurance`, run as its users do.
#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>
#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {
namespace {

void expect_load(const std::string& operations) {
  const scratch dir;
  const result done = tokengate({"run", "endurance", "--duration", "300ms", "--every", "100ms", "--in-flight", "256",
                                 "--operations", operations, "--json", "load.json", "--stats"},
                                {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("load.json"));
  EXPECT_TRUE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  std::int64_t tokens = 0;
  double time = 0;
  for (const auto& row : report.at("rows").as_array()) {
    tokens += row.at("tokens").as_int64();
    EXPECT_GT(row.at("seconds").to_number<double>(), time);
    time = row.at("seconds").to_number<double>();
    EXPECT_LE(row.at("waited_p50").to_number<double>(), row.at("waited_p99").to_number<double>());
    EXPECT_LE(row.at("waited_p99").to_number<double>(), row.at("waited_max").to_number<double>());
    EXPECT_GT(row.at("memory").as_int64(), 1'000'000);
  }
  EXPECT_GE(time, 0.3);
  EXPECT_GT(tokens, 256);
  EXPECT_EQ(report.at("summary").at("tokens").at("value").as_int64(), tokens);
  EXPECT_EQ(tokens_counted(done.err, "load_"), static_cast<std::uint64_t>(tokens)) << done.err;
  expect_same_numbers(done.out, report, 1, "tokens");
  expect_same_numbers(done.out, report, 2, "tokens_per_second");
}

TEST(endurance_workload, real_work) { expect_load("original"); }

TEST(endurance_workload, no_op_tokens) { expect_load("no-op"); }

TEST(endurance_workload, one_token_at_a_time) {
  const result done =
      tokengate({"run", "endurance", "--duration", "50ms", "--in-flight", "1", "--operations", "no-op"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(table_of(done.out).size(), 2u) << done.out;
}

TEST(endurance_workload, bad_options_are_refused) {
  for (const char* const time : {"", "5", "s", "-5s", "0s", "5 parsecs", "nans", "infs", "1ns", "1001h"}) {
    expect_refused({"endurance", "--duration", time}, "is no length of time");
  }
  expect_refused({"endurance", "--every", "soon"}, "--every");
  expect_refused({"endurance", "--in-flight", "0"}, "is no number from 1 to");
  expect_refused({"endurance", "--operations", ""}, "choose no-op or original");
}

TEST(endurance_workload, an_interrupt_ends_it_and_reports) {
  const scratch dir;
  running program({"run", "endurance", "--duration", "1h", "--every", "50ms", "--json", "load.json"},
                  running::output::pipe, dir.path());
  ASSERT_TRUE(program.wait_for("tokens/s, waited p50 "));
  const std::string out = interrupted(program, SIGTERM);
  EXPECT_NE(out.find("waited p99"), std::string::npos) << "the table: " << out;
  const auto report = json_of(dir.read("load.json"));
  EXPECT_FALSE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  EXPECT_GE(report.at("rows").as_array().size(), 1u);
}

}  // namespace
}  // namespace tokengate::test
