// Leads: their domains, from the first instruction to the last late child, the seeds, and what leads do not declare.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/digest.h>
#include <tokengate/anchors/seed.h>
#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/aside.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::aside;
using testing::blockade;
using testing::eventually;
using testing::gate;
using testing::runtime_test;
using testing::tracked;
using testing::why;

TOKENGATE_OPERATION(void, child, (aside what)) { what.run(); }
TOKENGATE_OPERATION(void, other, (aside what)) { what.run(); }
TOKENGATE_OPERATION(void, stuck, (aside what), sticky_anchor{"elsewhere"}) { what.run(); }
TOKENGATE_OPERATION(void, lead, (aside what), external_calls{child, "inner"}) { what.run(); }
TOKENGATE_OPERATION(void, inner, (aside what), external_calls{child}, digest_policy::fast) { what.run(); }
TOKENGATE_OPERATION(void, easy, (aside what), external_calls{child}, domain::preferred, digest_policy::minimal) {
  what.run();
}
TOKENGATE_OPERATION(void, careless, (aside what, tracked), external_calls{child}, digest_policy::short_) { what.run(); }
TOKENGATE_APPLICATION(lead_application);

class leads : public runtime_test {
 protected:
  [[nodiscard]] domain_status only() const {
    const auto all = running().domains();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? domain_status{} : all.front();
  }
  [[nodiscard]] operation_statistics of(std::string_view name) const {
    for (auto& each : running().statistics())
      if (each.name == name) return each;
    return {};
  }
};

TEST_F(leads, have_a_domain_from_their_begin_to_the_end_of_its_last_token) {
  start(small(2, 2, 64));
  gate one, two;
  auto running_lead = lead([&] {
    one.pass();
    std::vector<token<void>> children;
    for (int i = 0; i < 4; ++i) children.push_back(child([&] { two.pass(); }));
    gather(std::move(children));
  });
  ASSERT_TRUE(eventually([&] { return one.waiting() == 1; }));
  auto seen = only();
  EXPECT_EQ(seen.lead, running_lead.id());
  EXPECT_EQ(seen.operation, "lead");
  EXPECT_EQ(seen.pending, 1u);
  EXPECT_EQ(seen.seed, digest(digest_policy::full, std::to_string(running_lead.id()) + ":child,inner"));
  EXPECT_EQ(seen.seed, seed_of(running_lead.id(), lead.info));
  one.open();
  ASSERT_TRUE(eventually([&] { return two.waiting() == 4; }));
  seen = only();
  EXPECT_EQ(seen.pending, 5u);
  EXPECT_EQ(seen.made, 5u);
  EXPECT_EQ(seen.elsewhere, 0u);
  EXPECT_EQ(seen.undeclared, 0u);
  two.open();
  running_lead.get();
  EXPECT_TRUE(running().domains().empty());
}

TEST_F(leads, hand_their_seed_down_through_waits_and_callables) {
  start(small(3, 2, 64));
  std::set<std::string> seeds;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> seen;
    std::vector<std::uint64_t> ids;
    unsigned cores = 0;
    auto one = lead([&] {
      const auto look = [&, home = this_token::core()] {
        seen.push_back(this_token::seed());
        ids.push_back(this_token::lead());
        if (this_token::core() != home) ++cores;
      };
      look();
      std::vector<token<void>> children;
      for (int i = 0; i < 3; ++i)
        children.push_back(child([&look] {
          look();
          this_token::sleep_for(10us);
          look();
          auto grandchild = submit([&look] {  // a callable belongs to it, too
            this_token::yield();
            look();
            other([&look] { look(); }).get();
          });
          grandchild.get();
        }));
      gather(std::move(children));
      look();
    });
    const auto id = one.id();
    one.get();
    EXPECT_EQ(seen.size(), 2u + 3u * 4u);
    for (const auto& each : seen) EXPECT_EQ(each, seed_of(id, lead.info));
    for (const auto each : ids) EXPECT_EQ(each, id);
    EXPECT_EQ(cores, 0u);
    seeds.insert(seen.front());
  }
  EXPECT_EQ(seeds.size(), 20u) << "each lead has its own";
  EXPECT_EQ(this_token::seed(), "");
  EXPECT_EQ(this_token::lead(), 0u);
  submit([] {
    EXPECT_EQ(this_token::seed(), "");
    child([] { EXPECT_EQ(this_token::lead(), 0u); }).get();
  }).get();
}

TEST_F(leads, inside_a_lead_open_their_own_domain_and_leave_the_outer_one_alone) {
  start(small(2, 2, 64));
  gate held;
  auto outer = lead([&] {
    const auto own = this_token::seed();
    std::vector<token<void>> nested;
    for (int i = 0; i < 4; ++i)
      nested.push_back(inner([&, own] {
        const auto mine = this_token::seed();
        EXPECT_NE(mine, own);
        EXPECT_EQ(mine.size(), 16u) << "its own digest_policy";
        child([&, mine] {
          EXPECT_EQ(this_token::seed(), mine);
          held.pass();
        }).get();
      }));
    gather(std::move(nested));
    EXPECT_EQ(this_token::seed(), own);
    child([own] { EXPECT_EQ(this_token::seed(), own); }).get();
  });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 4; }));
  const auto all = running().domains();
  ASSERT_EQ(all.size(), 5u);
  for (const auto& each : all) EXPECT_EQ(each.pending, each.operation == "lead" ? 1u : 2u);
  held.open();
  outer.get();
  EXPECT_TRUE(running().domains().empty());
}

TEST_F(leads, children_that_come_late_still_belong_to_them) {
  start(small(2, 2, 64));
  gate held, held_too;
  std::string seed, late_seed, latest_seed;
  lead([&] {
    seed = this_token::seed();
    child([&] {
      held.pass();
      late_seed = this_token::seed();
      child([&] {
        held_too.pass();
        latest_seed = this_token::seed();
      }).detach();
    }).detach();
  }).get();
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  EXPECT_EQ(only().pending, 1u);
  EXPECT_EQ(only().seed, seed);
  held.open();
  ASSERT_TRUE(eventually([&] { return held_too.waiting() == 1; }));
  EXPECT_EQ(only().made, 3u);
  held_too.open();
  EXPECT_TRUE(eventually([&] { return running().domains().empty(); }));
  EXPECT_EQ(late_seed, seed);
  EXPECT_EQ(latest_seed, seed);
}

TEST_F(leads, with_a_preferred_domain_share_their_seed_with_the_cores_that_take_their_children) {
  start(small(2, 1, 64));
  blockade busy;
  std::string seed, taken_seed;
  std::uint64_t elsewhere = 0;
  easy([&] {
    seed = this_token::seed();
    auto taken = child([&] {
      taken_seed = this_token::seed();
      child([&] { EXPECT_EQ(this_token::seed(), seed); }).get();
      busy.lift();
    });
    busy.hold();  // only the other core can run it
    taken.get();
    elsewhere = running().domains().front().elsewhere;
  }).get();
  EXPECT_EQ(seed.size(), 8u);
  EXPECT_EQ(taken_seed, seed);
  EXPECT_EQ(elsewhere, 2u);
  EXPECT_EQ(sum(&core_statistics::for_other_domains), 2u);
  EXPECT_TRUE(running().domains().empty());
}

TEST_F(leads, calls_that_they_do_not_declare_are_counted_and_shown) {
  start(small(2, 2, 64));
  gate held;
  auto one = careless(
      [&] {
        child([] {}).get();
        submit([] {}).get();                      // has no name that could be declared
        other([] { other([] {}).get(); }).get();  // the inner call is not the lead's
        other([] {}).get();
        stuck([] { EXPECT_NE(this_token::lead(), 0u); }).get();
        held.pass();
      },
      tracked());
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  EXPECT_EQ(only().undeclared, 3u);
  EXPECT_EQ(only().made, 7u);
  held.open();
  one.get();
  const auto row = of("careless");
  EXPECT_EQ(row.undeclared, 3u);
  auto names = row.undeclared_calls;
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string_view>{"other", "stuck"}));
  EXPECT_EQ(of("lead").undeclared, 0u);
}

TEST_F(leads, are_refused_undeclared_calls_if_the_coordinator_is_strict) {
  auto wanted = small(2, 2, 64);
  wanted.strict_calls = true;
  start(wanted);
  std::atomic<int> ran{0};
  auto one = careless(
      [&] {
        child([&] { ++ran; }).get();
        other([&] { ++ran; }).get();
      },
      tracked());
  const auto text = why<undeclared_call>(one);
  EXPECT_NE(text.find("lead 'careless' called 'other'"), std::string::npos) << text;
  EXPECT_EQ(ran, 1);
  auto anchored = careless([] { stuck([] {}).get(); }, tracked());
  EXPECT_THROW(anchored.get(), undeclared_call);
  EXPECT_TRUE(running().pins().empty());
  other([] { other([] {}).get(); }).get();  // who is no lead calls what he likes
}

TEST_F(leads, leave_nothing_behind_when_they_or_their_children_are_stopped) {
  start(small(2, 2, 64));
  gate never;
  auto killed = lead([&] {
    std::vector<token<void>> children;
    for (int i = 0; i < 4; ++i) children.push_back(child([&] { never.pass(); }));
    gather(std::move(children));
  });
  ASSERT_TRUE(eventually([&] { return never.waiting() == 4; }));
  EXPECT_TRUE(killed.kill());
  EXPECT_THROW(killed.get(), token_killed);
  EXPECT_TRUE(eventually([&] { return running().domains().empty(); }));  // the children end behind it

  blockade busy;
  auto kills_children = lead([&] {
    auto queued = child([] {});
    EXPECT_TRUE(queued.kill());
    EXPECT_THROW(queued.get(), token_killed);
    auto throws = child([] { throw std::runtime_error("as planned"); });
    EXPECT_THROW(throws.get(), std::runtime_error);
    throw std::runtime_error("as planned, too");
  });
  EXPECT_THROW(kills_children.get(), std::runtime_error);
  EXPECT_TRUE(running().domains().empty());
  auto holder = submit([&] { busy.hold(); });
  auto never_begun = lead([] {});
  static_cast<void>(never_begun.kill());
  busy.lift();
  holder.get();
}

TEST_F(leads, may_be_callables) {
  start(small(1, 1, 64));
  auto one = submit(tags{external_calls{"anything"}, digest_policy::fast}, [] { return this_token::seed(); });
  const auto id = one.id();
  EXPECT_EQ(one.get(), digest(digest_policy::full, std::to_string(id) + ":")) << "of a callable only the id is known";
}

TEST_F(leads, by_the_hundred_thousand_leave_no_memory) {
  start(small(2, 2, 1024));
  for (int i = 0; i < 100; ++i) {
    std::vector<token<void>> all;
    for (int j = 0; j < 1000; ++j) all.push_back(lead([] { child([] {}).get(); }));
    gather(std::move(all));
    EXPECT_TRUE(running().domains().empty());
  }
}

}  // namespace
}  // namespace tokengate
