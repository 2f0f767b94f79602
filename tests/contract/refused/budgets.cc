// Rules of a plugin: about its tag, where the operation is declared and where the registry closes, and about the whole.
#include <tokengate/core/registry.h>
#include <tokengate/plugins/budgets/budget.h>

using tokengate::budgets::budget;
using namespace std::chrono_literals;

TOKENGATE_OPERATION(int, within, (int n), budget{2ms}, timeout{1s}) { return n; }
TOKENGATE_OPERATION(int, exact, (int n), timeout{2ms}, budget{2ms}) { return n; }
// expect@+1: BUD-E001 a budget of no time is never kept; give a duration
TOKENGATE_OPERATION(int, nothing, (int n), weight::light, budget{0ms}) { return n; }
TOKENGATE_OPERATION(int, negative, (int n), budget{-1s}) { return n; }              // expect: BUD-E001
TOKENGATE_OPERATION(int, too_long, (int n), timeout{1s}, budget{2s}) { return n; }  // expect: BUD-E002
// Two mistakes are two errors; what is refused as a tag is not looked at by its rules.
// expect@+1: TG-E112 'two' // expect@+1: BUD-E001
TOKENGATE_OPERATION(int, two, (int n), timeout{0s}, budget{0s}) { return n; }
TOKENGATE_OPERATION(int, twice, (int n), budget{0s}, budget{0s}) { return n; }  // expect: TG-E102 'twice'

// What only shows when the registry closes.
TOKENGATE_OPERATION(int, lead, (int n), external_calls{within, "exact"}, budget{3ms}) { return n; }
// expect@+1: BUD-E003 its budget is shorter than that of an operation in its external_calls
TOKENGATE_OPERATION(int, hasty, (int n), external_calls{"within", exact}, budget{1ms}) { return n; }
TOKENGATE_OPERATION(int, lavish, (int n), external_calls{hasty}, budget{1ms}) { return n; }
TOKENGATE_OPERATION(int, heavy, (int n), weight::heavy) { return n; }  // expect: BUD-E004 a heavy operation has no
TOKENGATE_OPERATION(int, heavy_with_budget, (int n), weight::heavy, budget{1s}) { return n; }
TOKENGATE_APPLICATION(all, tokengate::budgets::registry, tokengate::budgets::registry);

// The rules of a plugin that the application does not name are not asked.
namespace elsewhere {
TOKENGATE_OPERATION(int, heavy, (int n), weight::heavy) { return n; }
TOKENGATE_OPERATION(int, nothing, (int n), budget{0ms}) { return n; }  // expect: BUD-E001
TOKENGATE_APPLICATION(all);
}  // namespace elsewhere

// A rule about the registry itself is reported where it closes.
namespace small {
struct at_most_one {
  TOKENGATE_RULE("SML-E001", "it has too many operations", "take some away")
  static constexpr bool kept(auto registry) { return registry.size() <= 1; }
};
TOKENGATE_PLUGIN(rules, at_most_one)
TOKENGATE_OPERATION(int, one, (int n)) { return n; }
namespace inner {
TOKENGATE_OPERATION(int, one_more, (int n)) { return n; }
TOKENGATE_APPLICATION(fits, rules);
}  // namespace inner
TOKENGATE_OPERATION(int, two, (int n)) { return n; }
TOKENGATE_APPLICATION(too_many, rules);  // expect: SML-E001 it has too many operations; take some away
}  // namespace small

static_assert(tokengate::given<budget>(within)->limit == 2ms && tokengate::given<budget>(heavy) == nullptr);
static_assert(tokengate::given<budget>(all, "exact")->limit == 2ms &&
              tokengate::given<budget>(all, "heavy") == nullptr);
static_assert(tokengate::budgets::budgets_of(all)[0] == 2ms);

int run() { return nothing(1).get() + too_long(2).get() + hasty(3).get(); }
