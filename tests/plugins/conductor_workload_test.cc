// `tokengate run conductor`, run as its users do.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/tests/plugins/command.h>
#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {
namespace {

double in_summary(const boost::json::object& report, const char* key) {
  return report.at("summary").at(key).at("value").to_number<double>();
}

std::string text(const boost::json::value& row, const char* key) { return std::string(row.at(key).as_string()); }

/// What another program makes of the text that a seed is the digest of.
std::string by(const std::string& tool, const boost::json::value& row) {
  return shell(tool, {"", text(row, "seed_of")}).out;
}

TEST(conductor_workload, children_are_with_their_lead) {
  const scratch dir;
  const result done =
      tokengate({"run", "conductor", "--hold", "5ms", "--cores", "2", "--json", "leads.json", "--stats"}, {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("leads.json"));
  EXPECT_TRUE(report.at("complete").as_bool());
  EXPECT_TRUE(report.at("correct").as_bool());
  EXPECT_EQ(in_summary(report, "leads"), 3);
  EXPECT_EQ(in_summary(report, "tokens"), 15);
  EXPECT_EQ(in_summary(report, "with_their_lead"), 12);
  EXPECT_EQ(in_summary(report, "domains_left"), 0);
  EXPECT_EQ(tokens_counted(done.err, "lead_full_bound"), 3u) << done.err;
  EXPECT_EQ(tokens_counted(done.err, "conducted"), 12u) << done.err;

  const auto& rows = report.at("rows").as_array();
  ASSERT_EQ(rows.size(), 2u) << done.out;
  EXPECT_EQ(rows[0].at("when"), "leads at work");
  EXPECT_GE(rows[0].at("domains").as_int64(), 1);
  EXPECT_EQ(rows[0].at("most_of_one").as_int64(), 5) << "a lead and four children that have not begun";
  EXPECT_EQ(rows[1].at("domains").as_int64(), 0);
  EXPECT_EQ(rows[1].at("pending").as_int64(), 0);
  expect_same_numbers(done.out, report, 3, "pending");

  std::set<std::string> seeds;
  ASSERT_EQ(report.at("conducted").as_array().size(), 3u);
  for (const auto& lead : report.at("conducted").as_array()) {
    EXPECT_EQ(text(lead, "seed_of"), text(lead, "id") + ":conducted,lead_full_bound");
    EXPECT_EQ(text(lead, "seed") + "  -\n", by("sha256sum", lead));
    EXPECT_EQ(lead.at("pending").as_int64(), 5);
    seeds.insert(text(lead, "seed"));
  }
  EXPECT_EQ(seeds.size(), 3u);
}

TEST(conductor_workload, seeds_of_every_digest) {
  const scratch dir;
  const bool has_xxhsum = shell("command -v xxhsum").code == 0;
  for (const auto& [digest, tool] : {std::pair{"full", "sha256sum | cut -c 1-64"},
                                     {"short", "sha256sum | cut -c 1-16"},
                                     {"minimal", "sha256sum | cut -c 1-8"},
                                     {"fast", "xxhsum -H3 | grep -o '[0-9a-f]\\{16\\}'"}}) {
    const result done =
        tokengate({"run", "conductor", "--hold", "1us", "--digest", digest, "--json", "leads.json"}, {dir.path()});
    EXPECT_EQ(done.code, 0) << digest << done.err;
    const auto report = json_of(dir.read("leads.json"));
    const auto& lead = report.at("conducted").as_array().back();
    EXPECT_EQ(text(lead, "seed_of"), text(lead, "id") + ":conducted,lead_" + digest + "_bound");
    if (std::string(digest) != "fast" || has_xxhsum) {
      EXPECT_EQ(text(lead, "seed") + '\n', by(tool, lead)) << digest;
    }
  }
}

TEST(conductor_workload, generations_nested_leads_and_undeclared_calls) {
  for (const char* const domain : {"bound", "preferred"}) {
    const scratch dir;
    const result done =
        tokengate({"run", "conductor", "--leads", "30", "--children", "3", "--depth", "3", "--nested", "2",
                   "--undeclared", "2", "--hold", "1us", "--domain", domain, "--json", "leads.json", "--stats"},
                  {dir.path()});
    EXPECT_EQ(done.code, 0) << done.err;
    const auto report = json_of(dir.read("leads.json"));
    const int leads = 30 * 3, family = 3 + 9 + 27 + 2;
    EXPECT_EQ(in_summary(report, "leads"), leads);
    EXPECT_EQ(in_summary(report, "tokens"), leads * (1 + family));
    EXPECT_EQ(in_summary(report, "undeclared"), leads * 2);
    EXPECT_EQ(in_summary(report, "with_their_lead") + in_summary(report, "elsewhere"), leads * family);
    if (std::string(domain) == "bound") {
      EXPECT_EQ(in_summary(report, "elsewhere"), 0);
    }
    EXPECT_EQ(tokens_counted(done.err, "stranger"), leads * 2u) << done.err;
    EXPECT_EQ(tokens_counted(done.err, std::string("lead_full_") + domain), static_cast<unsigned>(leads)) << done.err;
    EXPECT_EQ(text(report.at("conducted").as_array()[2], "lead"), "1.2");
  }
}

TEST(conductor_workload, children_that_outlive_their_lead) {
  const scratch dir;
  const result done = tokengate(
      {"run", "conductor", "--late", "--leads", "100", "--nested", "1", "--hold", "1ms", "--json", "leads.json"},
      {dir.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto report = json_of(dir.read("leads.json"));
  EXPECT_EQ(in_summary(report, "tokens"), 200 * 5);
  EXPECT_EQ(in_summary(report, "with_their_lead"), 200 * 4);
  ASSERT_EQ(report.at("rows").as_array().size(), 3u);
  EXPECT_EQ(report.at("rows").as_array()[1].at("when"), "all leads have ended");
  EXPECT_EQ(report.at("rows").as_array()[2].at("domains").as_int64(), 0);
}

TEST(conductor_workload, many_leads_with_few_in_flight) {
  const result done =
      tokengate({"run", "conductor", "--leads", "20000", "--in-flight", "50", "--hold", "1us", "--cores", "1"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.out.find("... and 992 more"), std::string::npos) << done.out;
}

TEST(conductor_workload, bad_options_are_refused) {
  expect_refused({"conductor", "--leads", "0"}, "is no number from 1 to");
  expect_refused({"conductor", "--leads", "3", "--in-flight", "4"}, "--in-flight 4 is more than --leads 3");
  expect_refused({"conductor", "--digest", "sha1"}, "there is no 'sha1', choose full, short, fast or minimal");
  expect_refused({"conductor", "--domain", "free"}, "there is no 'free', choose bound or preferred");
  expect_refused({"conductor", "--depth", "20"}, "make more than 100,000,000 tokens");
  expect_refused({"conductor", "--leads", "10000000", "--nested", "100000"}, "make more than 100,000,000 tokens");
  expect_refused({"conductor", "--hold", "long"}, "is no length of time");
}

TEST(conductor_workload, an_interrupt_reports_what_was_done) {
  const scratch dir;
  running program({"run", "conductor", "--hold", "1h", "--json", "leads.json"}, running::output::terminal, dir.path());
  ASSERT_TRUE(program.wait_for("leads"));
  interrupted(program);
  EXPECT_FALSE(json_of(dir.read("leads.json")).at("complete").as_bool());
}

}  // namespace
}  // namespace tokengate::test
