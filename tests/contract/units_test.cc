// One program of several units: declared in a header, defined in two sources, closed in one of them.
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <tokengate/tokengate.h>

#include "tests/contract/units/ledger.h"

namespace ledger {
TOKENGATE_DEFINE(bool, odd, (unsigned n)) { return n != 0 && even(n - 1).get(); }
}  // namespace ledger

namespace {

// The name of an operation of the other unit, but another operation.
TOKENGATE_OPERATION(int, private_to_this_unit, (std::string text)) { return static_cast<int>(text.size()); }

struct counter {
  int value = 0;
  int add(int more) { return value += more; }
};
TOKENGATE_INSTANCE(add, &counter::add);
TOKENGATE_OPERATION(int, keep, (const std::string& text, const counter& by, std::unique_ptr<int> owned)) {
  return static_cast<int>(text.size()) + by.value + *owned;
}
TOKENGATE_APPLICATION(program, ledger::operations);
static_assert(program.size() == 8);

// Before main, yet after static initialisation of this unit.
const std::size_t enrolled_first = tokengate::operation_count();

TEST(units, every_operation_of_the_application_is_enrolled_once) {
  EXPECT_EQ(enrolled_first, program.size());
  EXPECT_EQ(tokengate::operation_count(), program.size());
  for (std::size_t i = 0; i < program.size(); ++i) {
    EXPECT_EQ(tokengate::operation_at(i).index, static_cast<int>(i));
    EXPECT_EQ(tokengate::operation_at(i).info.name, program.infos()[i]->name);
  }
  tokengate::detail::enroll(program.records());
  EXPECT_EQ(tokengate::operation_count(), program.size()) << "enrolling again is harmless";
}

TEST(units, all_units_share_one_record) {
  EXPECT_EQ(&balance_seen_elsewhere(), &ledger::balance.record());
  EXPECT_EQ(&twice_seen_elsewhere(), &ledger::twice.record());
  EXPECT_EQ(ledger::balance.record().info.name, "balance");
  EXPECT_GE(ledger::balance.record().index, 0);
}

TEST(units, an_operation_in_no_closed_registry_stays_out) {
  EXPECT_LT(forgotten().index, 0);
  EXPECT_NE(&forgotten(), &private_to_this_unit.record());
  EXPECT_GE(private_to_this_unit.record().index, 0);
}

class running : public testing::Test {
 protected:
  running() { coordinator_.start(); }
  tokengate::coordinator coordinator_;
};

TEST_F(running, calls_reach_definitions_in_other_units) {
  EXPECT_EQ(ledger::balance(ledger::account{"me", 7}).get(), 7);
  EXPECT_EQ(call_elsewhere(21), 42);
  EXPECT_TRUE(ledger::even(10).get());
  EXPECT_FALSE(ledger::odd(10).get());
}

TEST_F(running, default_arguments_and_braces_apply) {
  EXPECT_EQ(ledger::open("me").get().size(), 2u);
  EXPECT_EQ(ledger::open("me", 5).get().size(), 5u);
  EXPECT_EQ(ledger::balance({"me", 3}).get(), 3);
}

TEST_F(running, arguments_are_values_unless_shared) {
  counter shared{1};
  const auto copied = add(shared, 1).get();
  EXPECT_EQ(copied, 2);
  EXPECT_EQ(shared.value, 1);
  EXPECT_EQ(add(std::ref(shared), 1).get(), 2);
  EXPECT_EQ(add(&shared, 1).get(), 3);
  EXPECT_EQ(shared.value, 3);

  std::string text = "four";
  EXPECT_EQ(keep(text, std::cref(shared), std::make_unique<int>(10)).get(), 17);
  EXPECT_EQ(keep(std::move(text), shared, std::make_unique<int>(10)).get(), 17);
}

}  // namespace
