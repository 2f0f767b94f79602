// Included after another plugin of the same namespace: what a unit has seen must not matter to others.
#include <tokengate/core/registry.h>

namespace ledger {
TOKENGATE_OPERATION(int, private_to_this_unit, (int n)) { return n; }
}  // namespace ledger

#include "tests/contract/units/ledger.h"

namespace ledger {

TOKENGATE_DEFINE(int, balance, (const account& of)) { return of.balance; }
TOKENGATE_DEFINE((std::vector<std::unique_ptr<account>>), open, (std::string owner, int count)) {
  std::vector<std::unique_ptr<account>> accounts;
  for (int i = 0; i < count; ++i) accounts.push_back(std::make_unique<account>(account{owner, i}));
  return accounts;
}
TOKENGATE_DEFINE(bool, even, (unsigned n)) { return n == 0 || odd(n - 1).get(); }

static_assert(operations.size() == 6);

}  // namespace ledger

const tokengate::operation_record& balance_seen_elsewhere() { return ledger::balance.record(); }
const tokengate::operation_record& twice_seen_elsewhere() { return ledger::twice.record(); }
const tokengate::operation_record& forgotten() { return ledger::private_to_this_unit.record(); }
int call_elsewhere(int n) { return ledger::twice(n).get(); }
