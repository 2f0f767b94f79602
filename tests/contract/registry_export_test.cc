#include <string>

#include <gtest/gtest.h>

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/registry_export.h>

#line 1 "first \"file\".cc"
TOKENGATE_OPERATION(int, plain, ()) { return 1; }
TOKENGATE_OPERATION(int, end, (int n), weight::heavy, storage_speed::insane, timeout{2ms}) { return n; }
TOKENGATE_OPERATION(int, lead, (int n), external_calls{"plain", end}, digest_policy::short_, domain::preferred) {
  return n;
}
TOKENGATE_OPERATION(int, stuck, (int n), weight::light, sticky_anchor{"led\"ger"}, hash_policy::full) { return n; }
TOKENGATE_APPLICATION(all);

namespace nothing {
TOKENGATE_APPLICATION(at_all);
}

namespace {

TEST(registry_export, json) {
  EXPECT_EQ(tokengate::to_json(all.infos()), R"({"operations": [
  {"name": "plain", "file": "first \"file\".cc", "line": 1, "weight": "medium"},
  {"name": "end", "file": "first \"file\".cc", "line": 2, "weight": "heavy", "storage_speed": "insane", "timeout_ns": 2000000},
  {"name": "lead", "file": "first \"file\".cc", "line": 3, "weight": "medium", "external_calls": ["plain", "end"], "digest_policy": "short", "domain": "preferred"},
  {"name": "stuck", "file": "first \"file\".cc", "line": 6, "weight": "light", "sticky_anchor": "led\"ger", "hash_policy": "full"}
]}
)" + std::string());
  EXPECT_EQ(tokengate::to_json(nothing::at_all.infos()), "{\"operations\": []}\n");
}

TEST(registry_export, mermaid) {
  EXPECT_EQ(tokengate::to_mermaid(all.infos()), R"(flowchart LR
  operation_plain["plain<br/>medium"]
  operation_end["end<br/>heavy, storage insane"]
  operation_lead["lead<br/>medium"]
  operation_stuck["stuck<br/>light, anchor led"ger"]
  operation_lead --> operation_plain
  operation_lead --> operation_end
)");
}

}  // namespace
