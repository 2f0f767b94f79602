#include <tokengate/anchors/digest.h>
#include <tokengate/anchors/seed.h>
#include <tokengate/core/host.h>
#include <tokengate/core/operation_table.h>

namespace tokengate {

std::string seed_of(std::uint64_t lead, const operation_info& operation) {
  return digest(operation.attributes.digest_policy, seed_text(lead, operation.calls));
}

namespace this_token {
namespace {

detail::host::lead_facts facts() noexcept {
  const detail::host* const core = detail::host::current();
  return core == nullptr ? detail::host::lead_facts{} : core->lead();
}

}  // namespace

std::uint64_t lead() noexcept { return facts().token; }

std::string seed() {
  const auto [token, operation] = facts();
  return token == 0 ? std::string() : seed_of(token, operation_facts(operation));
}

}  // namespace this_token
}  // namespace tokengate
