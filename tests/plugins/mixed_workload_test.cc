// `tokengate run mixed`, run as its users do.
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>
#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {
namespace {

constexpr std::uint64_t warm_up = 256;

void expect_waves(const std::string& operations, bool overlap) {
  const scratch dir;
  const result done =
      tokengate({"run", "mixed", "--waves", "4..256", "--operations", operations, "--json", "waves.json", "--stats"},
                {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("waves.json"));
  EXPECT_EQ(report.at("workload"), "mixed");
  EXPECT_TRUE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  EXPECT_EQ(report.at("settings").at("operations"), operations.c_str());
  const auto& rows = report.at("rows").as_array();
  ASSERT_EQ(rows.size(), 7u);
  std::int64_t size = 4, all = 0;
  for (const auto& row : rows) {
    EXPECT_EQ(row.at("tokens").as_int64(), size);
    EXPECT_EQ(row.at("ok").as_int64(), size);
    EXPECT_EQ(row.at("failed").as_int64(), 0);
    const double seconds = row.at("seconds").to_number<double>();
    EXPECT_NEAR(row.at("tokens_per_second").to_number<double>() * seconds, static_cast<double>(size), 1e-6);
    EXPECT_NEAR(row.at("milliseconds_per_token").to_number<double>() * static_cast<double>(size), 1e3 * seconds, 1e-6);
    EXPECT_GE(row.at("tokens_per_second_after_submission").to_number<double>(),
              row.at("tokens_per_second").to_number<double>());
    EXPECT_EQ(row.at("overlap").is_null(), !overlap);
    all += size;
    size *= 2;
  }
  EXPECT_EQ(report.at("summary").at("tokens").at("value").as_int64(), all);
  EXPECT_EQ(tokens_counted(done.err, "wave_"), static_cast<std::uint64_t>(all) + warm_up) << done.err;
  expect_same_numbers(done.out, report, 1, "tokens");
  expect_same_numbers(done.out, report, 4, "seconds");
  expect_same_numbers(done.out, report, 5, "tokens_per_second");
  expect_same_numbers(done.out, report, 6, "milliseconds_per_token");
  expect_same_numbers(done.out, report, 9, "tokens_per_second_after_submission");
}

TEST(mixed_workload, waves_of_no_op_tokens) { expect_waves("no-op", false); }

TEST(mixed_workload, waves_of_real_work) { expect_waves("original", true); }

TEST(mixed_workload, weights_are_two_light_one_medium_one_heavy) {
  const result done = tokengate({"run", "mixed", "--waves", "1024", "--stats", "--cores", "1"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(tokens_counted(done.err, "wave_light"), (1'024 + warm_up) / 2);
  EXPECT_EQ(tokens_counted(done.err, "wave_medium"), (1'024 + warm_up) / 4);
  EXPECT_EQ(tokens_counted(done.err, "wave_heavy"), (1'024 + warm_up) / 4);
}

TEST(mixed_workload, the_predecessors_figures_stand_beside_the_same_waves_only) {
  const scratch dir;
  ASSERT_EQ(tokengate({"run", "mixed", "--json", "all.json"}, {dir.path()}).code, 0);
  ASSERT_EQ(tokengate({"run", "mixed", "--waves", "8..65536", "--json", "some.json"}, {dir.path()}).code, 0);
  const auto all = json_of(dir.read("all.json")).at("summary").at("tokens_per_second").as_object();
  EXPECT_EQ(all.at("predecessor").at("high").to_number<double>(), 4'548);
  EXPECT_NEAR(all.at("times_better").to_number<double>(), all.at("value").to_number<double>() / 4'548, 1e-6);
  const auto some = json_of(dir.read("some.json"));
  EXPECT_TRUE(some.at("summary").at("tokens_per_second").at("predecessor").is_null());
  EXPECT_FALSE(some.at("rows").as_array().front().at("predecessor").is_null());
}

TEST(mixed_workload, bad_options_are_refused) {
  for (const char* const waves : {"", "0", "4..", "..8", "8..4", "4..9", "4..8..16", "x", "4..33554432", "-4..8"}) {
    expect_refused({"mixed", "--waves", waves}, "are no waves");
  }
  expect_refused({"mixed", "--operations", "fast"}, "choose no-op or original");
  expect_refused({"mixed", "--seed", "-1"}, "--seed");
  expect_refused({"mixed", "--json", ""}, "the name is empty");
  expect_refused({"mixed", "folder"}, "folder");
  expect_refused({"mixed", "--", "folder"}, "there is nothing to do with 'folder'");
}

TEST(mixed_workload, json_is_written_as_a_whole_or_not_at_all) {
  const scratch dir;
  dir.write("waves.json", "old");
  ASSERT_EQ(tokengate({"run", "mixed", "--waves", "4", "--json", "waves.json"}, {dir.path()}).code, 0);
  EXPECT_EQ(json_of(dir.read("waves.json")).at("rows").as_array().size(), 1u);
  EXPECT_EQ(shell("ls -A", {dir.path()}).out, "waves.json\n");

  const result full = tokengate({"run", "mixed", "--waves", "4", "--json", "/dev/full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_NE(full.err.find("/dev/full"), std::string::npos) << full.err;
  EXPECT_NE(full.err.find("No space left"), std::string::npos) << full.err;
  EXPECT_EQ(table_of(full.out).size(), 2u) << "the table does not depend on the file";

  const result nowhere = tokengate({"run", "mixed", "--json", "missing/waves.json"}, {dir.path()});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_NE(nowhere.err.find("missing/waves.json"), std::string::npos) << nowhere.err;
  EXPECT_EQ(nowhere.out, "") << "is told before the work";
}

TEST(mixed_workload, an_interrupt_ends_it_and_reports) {
  const scratch dir;
  running program({"run", "mixed", "--operations", "original", "--waves", "4..16777216", "--json", "waves.json"},
                  running::output::terminal, dir.path());
  ASSERT_TRUE(program.wait_for("a plain loop"));
  interrupted(program);
  EXPECT_FALSE(json_of(dir.read("waves.json")).at("complete").as_bool());
}

}  // namespace
}  // namespace tokengate::test
