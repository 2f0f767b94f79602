// `tokengate run chains`, run as its users do.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>
#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {
namespace {

TEST(chains_workload, every_child_is_counted) {
  const scratch dir;
  const result done = tokengate(
      {"run", "chains", "--leads", "500", "--children", "3", "--json", "chains.json", "--stats"}, {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("chains.json"));
  EXPECT_TRUE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  const auto& rows = report.at("rows").as_array();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].at("in_flight").as_int64(), 1);
  EXPECT_EQ(rows[1].at("in_flight").as_int64(), 500);
  EXPECT_EQ(rows[0].at("children").as_int64(), 3);
  EXPECT_EQ(rows[2].at("children").as_int64(), 5);
  for (const auto& row : rows) {
    const auto of = [&row](const char* key) { return row.at(key).to_number<double>(); };
    EXPECT_EQ(of("chains"), 500);
    EXPECT_NEAR(of("chains_per_second") * of("seconds"), 500, 1e-6);
    EXPECT_NEAR(of("tokens_per_second"), of("chains_per_second") * (of("children") + 1), 1e-3);
    EXPECT_LE(of("p50"), of("p99"));
    EXPECT_LE(of("p99"), of("max"));
    EXPECT_LE(of("max"), of("seconds"));
    EXPECT_TRUE(row.at("predecessor").is_null()) << "it had four children";
  }
  EXPECT_EQ(tokens_counted(done.err, "chain_lead"), 1'000u) << done.err;
  EXPECT_EQ(tokens_counted(done.err, "chain_child"), 3'000u) << done.err;
  EXPECT_EQ(tokens_counted(done.err, "chain_of_steps"), 500u) << done.err;
  for (const char* const step : {"chain_seed", "chain_filter", "chain_accumulate", "chain_reduce", "chain_finalize"}) {
    EXPECT_EQ(tokens_counted(done.err, step), 500u) << step;
  }
  expect_same_numbers(done.out, report, 2, "chains");
  expect_same_numbers(done.out, report, 5, "chains_per_second");
}

TEST(chains_workload, lines_on_request) {
  const result single = tokengate({"run", "chains", "--leads", "50", "--one-at-a-time"});
  EXPECT_EQ(single.code, 0) << single.err;
  EXPECT_EQ(table_of(single.out).size(), 2u) << single.out;
  EXPECT_NE(single.out.find("920 to 1,508"), std::string::npos) << single.out;
  const result many = tokengate({"run", "chains", "--leads", "50", "--in-flight", "7"});
  EXPECT_EQ(many.code, 0) << many.err;
  ASSERT_EQ(table_of(many.out).size(), 3u) << many.out;
  EXPECT_EQ(table_of(many.out)[1][1], "7");
}

TEST(chains_workload, many_children_and_one_core) {
  const result done = tokengate({"run", "chains", "--leads", "5", "--children", "5000", "--cores", "1", "--stats"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(tokens_counted(done.err, "chain_child"), 50'000u) << done.err;
}

TEST(chains_workload, bad_options_are_refused) {
  expect_refused({"chains", "--leads", "0"}, "is no number from 1 to");
  expect_refused({"chains", "--children", "-4"}, "--children");
  expect_refused({"chains", "--leads", "10", "--in-flight", "11"}, "--in-flight 11 is more than --leads 10");
  expect_refused({"chains", "--in-flight", "5", "--one-at-a-time"}, "--one-at-a-time");
}

TEST(chains_workload, an_interrupt_reports_what_was_done) {
  const scratch dir;
  running program({"run", "chains", "--leads", "10000000", "--one-at-a-time", "--json", "chains.json"},
                  running::output::terminal, dir.path());
  ASSERT_TRUE(program.wait_for("one at a time"));
  program.wait_for_work(std::chrono::milliseconds(200));
  interrupted(program);
  const auto report = json_of(dir.read("chains.json"));
  EXPECT_FALSE(report.at("complete").as_bool());
  ASSERT_EQ(report.at("rows").as_array().size(), 1u);
  const auto chains = report.at("rows").as_array().front().at("chains").as_int64();
  EXPECT_GT(chains, 0);
  EXPECT_LT(chains, 10'000'000);
}

}  // namespace
}  // namespace tokengate::test
