#include <algorithm>
#include <tuple>

#include <tokengate/anchors/seed.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/lanes/anchor_status.h>
#include <tokengate/lanes/coordinator.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate {

std::vector<domain_status> coordinator::domains() const {
  std::vector<domain_status> all;
  const auto run = latest();
  if (run == nullptr) return all;
  for (const auto& each : run->domains.snapshot()) {
    const auto& info = operation_facts(each.operation);
    all.push_back({.lead = each.lead,
                   .operation = info.name,
                   .seed = seed_of(each.lead, info),
                   .core = each.core,
                   .pending = each.pending,
                   .made = each.made,
                   .elsewhere = each.elsewhere,
                   .undeclared = each.undeclared});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.lead < b.lead; });
  return all;
}

std::vector<pin_status> coordinator::pins() const {
  std::vector<pin_status> all;
  const auto run = latest();
  if (run == nullptr) return all;
  for (const auto& each : run->pins.snapshot())
    all.push_back(
        {.anchor = operation_facts(each.operation).anchor, .key = each.key, .core = each.core, .tokens = each.tokens});
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return std::tie(a.anchor, a.key) < std::tie(b.anchor, b.key); });
  return all;
}

}  // namespace tokengate
