// A registry as JSON and as flow charts, compared with the files in golden/. To accept what is printed now, copy it
// from the test's outputs (TEST_UNDECLARED_OUTPUTS_DIR) over the golden files.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <tokengate/core/registry_export.h>
#include <tokengate/tokengate.h>

// Names with letters that are not plain, and anchors with all that has a meaning to JSON, Mermaid or HTML.
#line 1 "first \"file\".cc"
TOKENGATE_OPERATION(int, plain, ()) { return 1; }
TOKENGATE_OPERATION(int, end, (int n), weight::heavy, storage_speed::insane, timeout{2ms}) { return n; }
TOKENGATE_OPERATION(int, größe, (int n), lane{"priority"}) { return n; }
TOKENGATE_OPERATION(int, lead, (int n), external_calls{"plain", end, größe}, digest_policy::short_, domain::preferred) {
  return n;
}
TOKENGATE_OPERATION(int, stuck, (int n), weight::light, sticky_anchor{"led\"ger\\ <b>&#59;`\n\x7F\x01 \xFF\xC3\xA4"},
                    hash_policy::full) {
  return n;
}
TOKENGATE_OPERATION(int, childless, (int n), external_calls{}) { return n; }
TOKENGATE_OPERATION(int, alone, (int n), sticky_anchor{"one at a time"}, exclusive) { return n; }
namespace net {
TOKENGATE_OPERATION(int, send, (int n), storage_speed::slow, external_calls{"send", "log it", "plain"}) { return n; }
TOKENGATE_OPERATION(int, wait, (int n), lane{"<own> \"lane\""}) { return n; }
TOKENGATE_PLUGIN(operations)
}  // namespace net
namespace shop::pay {
TOKENGATE_OPERATION(int, pay, (int n), external_calls{plain}) { return n; }
namespace {
TOKENGATE_OPERATION(int, hidden, (int n)) { return pay(n).get(); }
}  // namespace
TOKENGATE_PLUGIN(operations)
}  // namespace shop::pay
TOKENGATE_APPLICATION(all, shop::pay::operations);

namespace nothing {
TOKENGATE_PLUGIN(at_all)
}  // namespace nothing

namespace {

std::string golden(const std::string& name) {
  std::ifstream file("tests/registry/golden/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_golden(const std::string& text, const std::string& name) {
  EXPECT_EQ(text, golden(name)) << name;
  if (const char* const outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    std::ofstream file(outputs + ('/' + name), std::ios::binary);
    file << text;
  }
}

constexpr std::array<std::string_view, 2> linked{"balanced", "priority"};

TEST(registry_export, json) { expect_golden(tokengate::to_json(all, linked), "operations.json"); }

TEST(registry_export, calls) { expect_golden(tokengate::to_mermaid(all), "calls.mmd"); }

TEST(registry_export, lanes) { expect_golden(tokengate::lanes_to_mermaid(all, linked), "lanes.mmd"); }

TEST(registry_export, what_a_plugin_calls_and_does_not_have_is_drawn_dashed) {
  expect_golden(tokengate::to_mermaid(net::operations), "plugin.mmd");
  expect_golden(tokengate::lanes_to_mermaid(net::operations), "plugin_lanes.mmd");
}

TEST(registry_export, a_selection_is_drawn_like_a_registry) {
  const auto heavy = all.where(tokengate::weight::heavy);
  EXPECT_EQ(tokengate::to_mermaid(heavy), R"(flowchart LR
  operation_end["end<br/>heavy, storage insane"]
)");
  EXPECT_EQ(tokengate::to_mermaid(all.path("lead", "plain")), R"(flowchart LR
  operation_lead["lead<br/>medium"]
  operation_plain["plain<br/>medium"]
  operation_end["end"]:::outside
  operation_3["größe"]:::outside
  operation_lead --> operation_plain
  operation_lead --> operation_end
  operation_lead --> operation_3
  classDef outside stroke-dasharray: 4
)");
  EXPECT_EQ(tokengate::lanes_to_mermaid(heavy), R"(flowchart LR
  lane_0(["the default lane"])
  operation_end["end<br/>heavy, storage insane"]
  lane_0 --> operation_end
)");
}

TEST(registry_export, of_nothing) {
  EXPECT_EQ(tokengate::to_json(nothing::at_all),
            "{\"format\": \"tokengate-registry\", \"version\": 1,\n\"operations\": [],\n\"lanes\": []}\n");
  EXPECT_EQ(tokengate::to_mermaid(nothing::at_all), "flowchart LR\n");
  EXPECT_EQ(tokengate::lanes_to_mermaid(nothing::at_all), "flowchart LR\n");
}

// Read back by a parser that is strict about UTF-8.
TEST(registry_export, json_is_json) {
  const auto read = boost::json::parse(tokengate::to_json(all));
  const auto& operations = read.at("operations").as_array();
  ASSERT_EQ(operations.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(operations[i].at("name").as_string(), all.infos()[i]->name);
  const auto stuck =
      std::ranges::find(operations, "stuck", [](const auto& each) { return each.at("name").as_string(); });
  EXPECT_EQ(stuck->at("sticky_anchor").as_string(), "led\"ger\\ <b>&#59;`\n\x7F\x01 \xEF\xBF\xBD\xC3\xA4");
  EXPECT_EQ(stuck->at("file").as_string(), "first \"file\".cc");
}

std::string json_of_anchor(std::string_view anchor) {
  tokengate::operation_info info{.name = "x", .anchor = anchor};
  info.attributes.anchored = true;
  const tokengate::operation_info* const infos[] = {&info};
  const auto read = boost::json::parse(tokengate::to_json(infos));
  return std::string(read.at("operations").at(0).at("sticky_anchor").as_string());
}

TEST(registry_export, bytes_that_are_no_utf_8_are_replaced_one_by_one) {
  const std::string no = "\xEF\xBF\xBD";
  for (const char* const good : {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                 "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(json_of_anchor(good), good);
  EXPECT_EQ(json_of_anchor(std::string_view("\0", 1)), std::string(1, '\0'));
  EXPECT_EQ(json_of_anchor("a\x80z"), 'a' + no + 'z');
  EXPECT_EQ(json_of_anchor("\xC3"), no);                    // cut off
  EXPECT_EQ(json_of_anchor("\xC3z"), no + 'z');             // goes on otherwise
  EXPECT_EQ(json_of_anchor("\xC1\xBF"), no + no);           // longer than need be
  EXPECT_EQ(json_of_anchor("\xE0\x9F\xBF"), no + no + no);  // the same
  EXPECT_EQ(json_of_anchor("\xED\xA0\x80"), no + no + no);  // half of a pair
  EXPECT_EQ(json_of_anchor("\xF0\x8F\xBF\xBF"), no + no + no + no);
  EXPECT_EQ(json_of_anchor("\xF4\x90\x80\x80"), no + no + no + no);  // beyond the last
  EXPECT_EQ(json_of_anchor("\xF8\x88\x80\x80\x80"), no + no + no + no + no);
}

}  // namespace
