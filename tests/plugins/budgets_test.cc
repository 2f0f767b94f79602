// A tag of a plugin at run time: what it makes of budgets and of what really happened. Its rules: tests/contract.
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/plugins/budgets/budget.h>
#include <tokengate/plugins/budgets/overruns.h>
#include <tokengate/tokengate.h>

namespace tokengate::budgets {
namespace {

using namespace std::chrono_literals;

TOKENGATE_OPERATION(int, without, (int n)) { return n; }
TOKENGATE_OPERATION(int, quick, (int n), weight::light, budget{1ns}) { return n; }
TOKENGATE_OPERATION(int, patient, (int n), budget{1h}) { return n; }
TOKENGATE_APPLICATION(application);

constexpr auto limits = budgets_of(application);
static_assert(limits.size() == 3 && limits[0] == 0ns && limits[1] == 1ns && limits[2] == 1h);

operation_statistics ran(std::string_view name, std::chrono::nanoseconds p99) {
  operation_statistics row;
  row.name = name;
  row.tokens = 200;
  row.run_time.p99 = p99;
  return row;
}

TEST(overruns, tells_which_took_longer_than_their_budget) {
  EXPECT_EQ(overruns(std::vector{ran("without", 2h), ran("quick", 2us), ran("patient", 1h), ran("submit", 2h)},
                     application.infos(), limits),
            "over budget: quick has 1 ns, its p99 is 2.00 us\n");
  EXPECT_EQ(overruns({}, application.infos(), limits), "");
}

TEST(overruns, of_a_running_system) {
  options exact;
  exact.timing = timing::exact;
  coordinator system(exact);
  system.start();
  for (int n = 0; n < 100; ++n) EXPECT_EQ(without(n).get() + quick(n).get() + patient(n).get(), 3 * n);
  const std::string text = overruns(system.statistics(), application.infos(), limits);
  EXPECT_TRUE(text.starts_with("over budget: quick has 1 ns")) << text;
  EXPECT_EQ(text.find("patient"), std::string::npos) << text;
}

}  // namespace
}  // namespace tokengate::budgets
