// The registry as a value: what is asserted here for the compiler is asked again of the running program below.
#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/hana/contains.hpp>
#include <boost/hana/for_each.hpp>
#include <gtest/gtest.h>

#include "tests/registry/shop.h"

namespace {

using namespace tokengate;
using namespace std::chrono_literals;

}  // namespace

namespace shop {

TOKENGATE_APPLICATION(all, ledger::operations, disk::operations);

// --- listing and look-up ---------------------------------------------------------------------------------------------
static_assert(all.size() == 12 && ledger::operations.size() == 3 && disk::operations.size() == 5);
static_assert(std::ranges::equal(all, all.infos(), {}, [](const operation_info& info) { return &info; }));
static_assert(std::ranges::equal(
    all, all.all(), {}, [](const operation_info& info) { return &info; },
    [](const operation_info& info) { return &info; }));
static_assert(std::forward_iterator<decltype(all.begin())> && std::forward_iterator<decltype(all.all().begin())>);
static_assert(all.find("charge") == &ledger::charge.info && all.find("nobody") == nullptr);
static_assert(all.contains("charge") && all.contains(ledger::charge) && !all.contains("nobody"));
static_assert(std::is_same_v<decltype(all.get<"checkout">()), std::remove_const_t<decltype(checkout)>>);
static_assert(decltype(all.get<"enter">())::info.attributes.weight == weight::light);
static_assert(sizeof(all.all()) == 8 && std::is_trivially_copyable_v<decltype(all.all())>);
static_assert(boost::hana::contains(all.types(), boost::hana::type_c<std::remove_const_t<decltype(checkout)>>));

namespace stranger {
TOKENGATE_DECLARE(int, charge, (double amount));
TOKENGATE_PLUGIN(operations)
static_assert(!all.contains(charge));  // it has another one of that name
}  // namespace stranger

// --- selections ------------------------------------------------------------------------------------------------------
static_assert(all.of() == decltype(all.all()){} && all.of().empty() && all.of(all) == all.all());
static_assert(all.of("charge", checkout).size() == 2 && all.of("charge", ledger::charge) == all.of("charge"));
static_assert(all.of(disk::read_block).size() == 4);
static_assert(all.of(ledger::operations, disk::operations).size() == 8);
static_assert(all.of(ledger::operations.where(weight::heavy)) == all.of("charge"));
static_assert(all.of(all.of("charge")) == all.of("charge"));

static_assert(all.where(weight::heavy) == all.of(ledger::charge));
static_assert(all.where(weight::medium).contains("audit"));  // which says nothing of its weight
static_assert(all.where(storage_speed::fast) == all.of("read_block_fast", disk::write_log));
static_assert(all.where(touches_storage) == all.of(disk::operations, reserve));
static_assert(all.where(lane{"priority"}) == all.of("audit") && all.where(lane{""}).size() == 11);
static_assert(all.where(sticky_anchor{"stock"}) == all.of(reserve) && all.where(sticky_anchor{""}).empty());
static_assert(all.where(is_anchored) == all.of(reserve) && all.where(hash_policy::fast) == all.of(reserve));
static_assert(all.where(exclusive) == all.of(reserve) &&
              all.where(hash_policy::standard).empty());  // nothing else has an anchor
static_assert(all.where(is_lead) == all.of("charge", "audit", "balance", "checkout", "ship"));
static_assert(all.where(domain::preferred) == all.of(checkout) && all.where(domain::bound).size() == 4);
static_assert(all.where(digest_policy::minimal) == all.of("balance") && all.where(digest_policy::full).size() == 4);
static_assert(all.where(timeout{2s}) == all.where(has_timeout) && all.where(has_timeout) == all.of("charge"));
static_assert(all.where([](const operation_info& info) { return info.name.starts_with("read"); }) ==
              all.of(disk::read_block));
static_assert(all.where(in_namespace{"shop::disk"}) == all.of(disk::operations));
static_assert(all.where(in_namespace{"shop"}) == all.all() && all.where(in_namespace{""}) == all.all());
static_assert(all.where(in_namespace{"sho"}).empty() && all.where(in_namespace{"shop::disk::"}).empty());

static_assert(all.where(touches_storage).where(weight::light) == all.of(disk::read_block));
static_assert((all.where(is_lead) - all.of(ledger::operations)) == all.of("checkout", "ship"));
static_assert((all.of("charge") | all.of("audit")) == all.of("audit", "charge"));
static_assert((all.where(is_lead) & all.of("charge", "enter")) == all.of("charge"));
static_assert(all.where(is_lead).contains(all.of("charge", "audit")) && !all.where(is_lead).contains("enter"));
static_assert(all.where(is_lead).contains(ledger::operations) && !all.where(is_lead).contains(disk::operations));

static_assert(all.tagged<retries>() == all.of("audit", "write_log"));
static_assert(all.tagged<retries>([](const retries& tag) { return tag.limit > 1; }) == all.of("write_log"));
static_assert(all.tagged<weight>().size() == 6 && all.of(disk::operations).tagged<weight>().size() == 4);

// --- who calls whom --------------------------------------------------------------------------------------------------
static_assert(all.calls("checkout", "charge") && all.calls(checkout, "ship") && !all.calls("charge", "checkout"));
static_assert(!all.calls("checkout", "enter") && all.reaches("checkout", "enter") && !all.reaches("enter", "checkout"));
static_assert(all.calls(ledger::operations, disk::operations) && !all.calls(disk::operations, ledger::operations));
static_assert(all.calls("audit", disk::read_block) && !all.calls("charge", disk::read_block));
static_assert(all.where(weight::heavy).calls("enter") && !all.where(weight::heavy).reaches(all.where(touches_storage)));
static_assert(all.of("checkout").callees() == all.of("charge", "ship"));
static_assert(all.of("enter").callers() == all.of("charge") && all.of("checkout").callers().empty());
static_assert(all.of("checkout").reachable() == all.of("charge", "enter", "ship", "write_log"));
static_assert(all.of("write_log").reaching() == all.of("checkout", "ship"));
static_assert(all.of(disk::operations).reachable().empty());
static_assert(all.roots() == all.of(checkout, reserve));  // ship calls itself, but checkout calls it, too
static_assert(all.leaves() == all.of(disk::operations, "enter", "reserve"));
static_assert(all.where(is_lead).roots() == all.of("checkout"));
static_assert(all.cyclic() == all.of("audit", "balance", "ship"));
static_assert((all.of("audit").reachable() & all.of("audit").reaching()) == all.of("audit", "balance"));
static_assert(ledger::operations.calls("charge", "enter"));  // by name: it is the application that has it
static_assert(!ledger::operations.calls("balance", "enter"));
static_assert(ledger::operations.all().callees() == ledger::operations.of("audit", "balance"));

constexpr auto names_on = [](const auto& path) {
  std::array<std::string_view, 3> names{};
  std::size_t count = 0;
  for (const operation_info* const info : path) names[count++] = info->name;
  return names;
};
static_assert(names_on(all.path("checkout", "enter")) ==
              std::array<std::string_view, 3>{"checkout", "charge", "enter"});
static_assert(names_on(all.path(ledger::audit, "audit")) ==
              std::array<std::string_view, 3>{"audit", "balance", "audit"});
static_assert(all.path("ship", "ship").size() == 2 && all.path("enter", "checkout").empty());
static_assert(all.path(all, disk::operations).size() == 2);  // the shortest of all

}  // namespace shop

// An application without operations, and one without calls.
namespace nothing {
TOKENGATE_APPLICATION(at_all);
static_assert(at_all.size() == 0 && at_all.all().empty() && at_all.begin() == at_all.end());
static_assert(at_all.all().reachable().empty() && at_all.cyclic().empty() && at_all.roots().empty());
static_assert(at_all.where(is_lead).infos().empty() && at_all.all().path(at_all).empty());
}  // namespace nothing

// More of them than bits in a word.
namespace many {

#define TEN(prefix) \
  ONE(prefix##0)    \
  ONE(prefix##1)    \
  ONE(prefix##2)    \
  ONE(prefix##3) ONE(prefix##4) ONE(prefix##5) ONE(prefix##6) ONE(prefix##7) ONE(prefix##8) ONE(prefix##9)
#define ONE(name) TOKENGATE_DECLARE(int, name, (int n), external_calls{"last"});
TEN(a) TEN(b) TEN(c) TEN(d) TEN(e) TEN(f) TEN(g) TOKENGATE_DECLARE(int, last, (int n), external_calls{"a0"});
TOKENGATE_APPLICATION(all)
static_assert(all.size() == 71 && all.all().size() == 71 && all.where(is_lead) == all.all());
static_assert(all.of("last").callers().size() == 70 && all.of("last").reachable() == all.of("last", "a0"));
static_assert(all.cyclic() == all.of("a0", "last") && all.roots() == all.all() - all.cyclic());
static_assert((all.all() - all.of("g9")).size() == 70 && (all.all() - all.of("g9")).infos()[69].name == "last");

}  // namespace many

namespace {

TEST(registry_value, answers_at_run_time_as_well) {
  const auto& all = shop::all;
  const std::string caller = "checkout", callee = "enter";
  EXPECT_TRUE(all.reaches(caller, callee));
  EXPECT_FALSE(all.calls(caller, callee));
  std::vector<std::string> names;
  for (const operation_info& info : all.of(caller).reachable()) names.emplace_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{"ship", "enter", "charge", "write_log"}));
  names.clear();
  for (const operation_info* info : all.path(caller, callee)) names.emplace_back(info->name);
  EXPECT_EQ(names, (std::vector<std::string>{"checkout", "charge", "enter"}));
  const auto limit = std::chrono::seconds(1);
  EXPECT_EQ(all.where([limit](const operation_info& info) { return info.timeout > limit; }), all.of("charge"));
}

TEST(registry_value, knows_whose_an_operation_is) {
  EXPECT_EQ(shop::ledger::charge.info.scope(), "shop::ledger");
  EXPECT_EQ(shop::checkout.info.scope(), "shop");
  EXPECT_TRUE(shop::enter.info.scope().starts_with("shop"));
  EXPECT_EQ(operation_at(0).info.scope(), "shop");
}

TEST(registry_value, refuses_what_it_does_not_have) {
  const std::string misspelt = "chekout";
  EXPECT_THROW(static_cast<void>(shop::all.of(misspelt)), misuse);
  EXPECT_THROW(static_cast<void>(shop::all.calls(misspelt, "enter")), misuse);
  EXPECT_THROW(static_cast<void>(shop::all.calls("checkout", misspelt)), misuse);
  EXPECT_THROW(static_cast<void>(shop::all.reaches("checkout", misspelt)), misuse);
  EXPECT_THROW(static_cast<void>(shop::all.of(shop::stranger::charge)), misuse) << "another one of that name";
  EXPECT_THROW(static_cast<void>(shop::all.of(shop::stranger::operations)), misuse);
  try {
    static_cast<void>(shop::all.of(misspelt));
  } catch (const misuse& refused) {
    EXPECT_NE(std::string(refused.what()).find("'chekout'"), std::string::npos) << refused.what();
  }
}

TEST(registry_value, hana_goes_through_it) {
  std::vector<std::string> names;
  boost::hana::for_each(shop::ledger::operations,
                        [&names](auto type) { names.emplace_back(decltype(type)::type::info.name); });
  EXPECT_EQ(names, (std::vector<std::string>{"charge", "audit", "balance"}));
}

}  // namespace
