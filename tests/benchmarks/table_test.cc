// Every row of the table is measured: ours and at least one rival's.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/benchmarks/results.h>
#include <tokengate/benchmarks/rows.h>

namespace tokengate::benchmarks {
namespace {

std::string program_of(const row& each) {
  return std::getenv(each.where == program::tokens ? "TOKENGATE_TOKENS_BENCH" : "TOKENGATE_FIBERS_BENCH");
}

constexpr plan quickly{.repetitions = 1, .quick = true};

class every_row : public testing::TestWithParam<row> {};

TEST_P(every_row, has_our_figure_and_a_rivals) {
  const row& each = GetParam();
  const results all = run_together(program_of(each), each.name, quickly);
  EXPECT_TRUE(all.problems.empty()) << all.problems.front();
  EXPECT_FALSE(all.cores.empty());
  ASSERT_TRUE(all.of.contains("tokengate"));
  const std::string counter(each.counter);
  EXPECT_TRUE(all.of.at("tokengate").contains(counter));
  std::size_t rivals = 0;
  for (const auto& [contender, figures] : all.of) rivals += contender != "tokengate" && figures.contains(counter);
  EXPECT_GE(rivals, 1u);
}

INSTANTIATE_TEST_SUITE_P(table, every_row, testing::ValuesIn(all_rows().begin(), all_rows().end()),
                         [](const auto& each) {
                           return std::string(each.param.name) + '_' + std::string(each.param.counter);
                         });

TEST(rows, refer_to_rows_before_them) {
  std::set<std::string_view> names;
  for (const row& each : all_rows()) {
    EXPECT_TRUE(each.relative_to.empty() || names.contains(each.relative_to)) << each.name;
    names.insert(each.name);
  }
}

TEST(results, come_from_a_process_for_each_contender) {
  const auto& each =
      *std::find_if(all_rows().begin(), all_rows().end(), [](const row& one) { return one.own_process; });
  const results all = run_apart(program_of(each), each.name, quickly);
  EXPECT_TRUE(all.problems.empty());
  EXPECT_GE(all.of.size(), 2u);
}

TEST(results, of_a_program_that_fails_are_an_error) {
  EXPECT_THROW((void)run_together("/bin/false", "yield", quickly), std::runtime_error);
  EXPECT_THROW((void)run_together("/nonexistent/program", "yield", quickly), std::runtime_error);
}

TEST(results, of_a_row_that_does_not_exist_are_an_error) {
  EXPECT_THROW((void)run_together(program_of(all_rows().front()), "no_such_row", quickly), std::exception);
}

}  // namespace
}  // namespace tokengate::benchmarks
