// A program of two plugins, for questions about who calls whom:
//
//   shop:    checkout -> charge, ship;  ship -> ship (parcels in a parcel), write_log;  enter
//   ledger:  charge -> enter;  audit -> balance, read_block;  balance -> audit
//   disk:    read_block (four tiers), write_log
#pragma once

#include <string>

#include <tokengate/tokengate.h>

namespace shop {

struct retries {
  int limit;
};

}  // namespace shop

template <>
struct tokengate::tag_traits<shop::retries> {
  using kind = shop::retries;
  static constexpr void apply(const shop::retries&, operation_info&) {}
};

namespace shop {
namespace disk {

template <tokengate::storage_speed Tier>
int read_block_on(int block) {
  return block + static_cast<int>(Tier);
}
TOKENGATE_STORAGE_INSTANCES(read_block, read_block_on, weight::light)
TOKENGATE_DECLARE(void, write_log, (std::string line), storage_speed::fast, retries{3})
TOKENGATE_PLUGIN(operations)

}  // namespace disk

namespace ledger {

TOKENGATE_DECLARE(int, charge, (int amount), weight::heavy, external_calls{"enter"}, timeout{2s})
TOKENGATE_DECLARE(int, audit, (int depth), external_calls{"balance", disk::read_block}, lane{"priority"}, retries{1})
TOKENGATE_DECLARE(int, balance, (int depth), external_calls{audit}, digest_policy::minimal)
TOKENGATE_PLUGIN(operations)

}  // namespace ledger

TOKENGATE_DECLARE(int, checkout, (int order), external_calls{ledger::charge, "ship"}, domain::preferred)
TOKENGATE_DECLARE(int, ship, (int parcel), external_calls{"ship", disk::write_log})
inline namespace v1 {
TOKENGATE_DECLARE(int, enter, (int amount), weight::light)
TOKENGATE_DECLARE(int, reserve, (int amount), sticky_anchor{"stock"}, exclusive, hash_policy::fast, storage_speed::slow)
}  // namespace v1

}  // namespace shop
