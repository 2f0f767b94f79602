#include <gtest/gtest.h>

#include <tokengate/plugins/report/statistics.h>

namespace tokengate::report {
namespace {

using namespace std::chrono_literals;

operation_statistics used() {
  operation_statistics operation;
  operation.name = "hash_file";
  operation.tokens = 2000;
  operation.failures = 3;
  operation.storage_waits = 1234;
  operation.queue_wait = {150ns, 2us, 3ms};
  operation.run_time = {10us, 20us, 1s};
  operation.tokens_per_core = {1501, 499};
  return operation;
}

TEST(statistics_table, operations_that_had_tokens) {
  operation_statistics unused;
  unused.name = "idle";
  EXPECT_EQ(statistics_table(std::vector{unused, used()}),
            "operation  tokens  failed  queued p50      p99      max  ran p50      p99     max  storage waits  "
            "% of each core\n"
            "hash_file   2,000       3      150 ns  2.00 us  3.00 ms  10.0 us  20.0 us  1.00 s          1,234  "
            "         75/25\n");
}

TEST(statistics_table, many_cores_are_summed_up) {
  auto operation = used();
  operation.tokens_per_core.assign(16, 125);
  operation.tokens_per_core[3] = 0;
  EXPECT_NE(statistics_table(std::vector{operation}).find("0 to 6\n"), std::string::npos);
}

TEST(statistics_table, nothing_happened) {
  EXPECT_EQ(statistics_table({}), "");
  EXPECT_EQ(statistics_table(std::vector<operation_statistics>(2)), "");
}

}  // namespace
}  // namespace tokengate::report
