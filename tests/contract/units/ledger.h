// Operations that several units call, among them a plugin's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tokengate/core/registry.h>

namespace ledger {

struct account {
  std::string owner;
  int balance = 0;
};

TOKENGATE_DECLARE(int, balance, (const account& of), weight::light);
TOKENGATE_DECLARE((std::vector<std::unique_ptr<account>>), open, (std::string owner, int count = 2), weight::heavy);
TOKENGATE_DECLARE(bool, even, (unsigned n), external_calls{"odd"});
TOKENGATE_DECLARE(bool, odd, (unsigned n), external_calls{even});

template <int Factor>
int times(int n) {
  return n * Factor;
}
TOKENGATE_INSTANCE(twice, (times<2>));

TOKENGATE_PLUGIN(operations);

}  // namespace ledger

// What the other unit makes of them.
const tokengate::operation_record& balance_seen_elsewhere();
const tokengate::operation_record& twice_seen_elsewhere();
const tokengate::operation_record& forgotten();
int call_elsewhere(int n);
