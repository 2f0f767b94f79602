// Which core runs what: the family of a lead stays together, anchored tokens too, everything else may move.
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using testing::blockade;
using testing::eventually;
using testing::runtime_test;

/// The cores on which the tokens of a family ran.
class footprint {
 public:
  void step() noexcept { cores_.fetch_or(std::uint64_t{1} << this_token::core()); }
  [[nodiscard]] int cores() const noexcept { return std::popcount(cores_.load()); }

 private:
  std::atomic<std::uint64_t> cores_{0};
};

void family(footprint& seen, int depth) {
  seen.step();
  std::vector<token<void>> children;
  if (depth > 0)
    for (int i = 0; i < 6; ++i) children.push_back(submit(family, std::ref(seen), depth - 1));
  this_token::yield();
  gather(std::move(children));
  seen.step();
}

TOKENGATE_OPERATION(int, child, ()) { return 1; }
TOKENGATE_OPERATION(void, lead, (footprint * seen, int depth), external_calls{child}) { family(*seen, depth); }
TOKENGATE_OPERATION(unsigned, ledger_core, (int), sticky_anchor{"ledger"}, hash_policy::none) {
  return this_token::core();
}
TOKENGATE_OPERATION(unsigned, ledger_report, (int, std::string), sticky_anchor{"ledger"}, hash_policy::none,
                    weight::heavy) {
  return this_token::core();
}
TOKENGATE_APPLICATION(domain_application);

class domains : public runtime_test {};

TEST_F(domains, children_and_grandchildren_of_a_lead_run_on_its_core) {
  start(small(4, 2, 16));
  std::vector<footprint> seen(40);
  std::vector<token<void>> leads;
  for (auto& each : seen) leads.push_back(lead(&each, 3));
  gather(std::move(leads));
  for (const auto& each : seen) EXPECT_EQ(each.cores(), 1);
}

TEST_F(domains, they_stay_even_when_other_cores_have_nothing_to_do) {
  start(small(4, 1, 16));
  footprint seen;
  blockade busy;
  auto bound = submit(tags{external_calls{"anything"}}, [&] {
    seen.step();
    std::vector<token<void>> children;
    for (int i = 0; i < 100; ++i) children.push_back(submit([&] { seen.step(); }));
    busy.hold();  // plenty of time for a thief
    gather(std::move(children));
  });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  // The other cores are looking for work: they ran these.
  for (int i = 0; i < 1000; ++i) submit([] {}).get();
  busy.lift();
  bound.get();
  EXPECT_EQ(seen.cores(), 1);
}

TEST_F(domains, an_idle_core_may_take_the_children_of_a_preferred_domain) {
  start(small(2, 1, 16));
  blockade busy;
  std::atomic<int> taken{0};
  auto preferred = submit(tags{external_calls{"anything"}, domain::preferred}, [&] {
    const unsigned mine = this_token::core();
    std::vector<token<void>> children;
    for (int i = 0; i < 10; ++i)
      children.push_back(submit([&, mine] {
        if (this_token::core() != mine) taken.fetch_add(1);
        busy.lift();
      }));
    busy.hold();  // ends only when somebody else runs a child
    gather(std::move(children));
  });
  preferred.get();
  EXPECT_GE(taken, 1);
  EXPECT_GE(sum(&core_statistics::stolen), 1u);
}

TEST_F(domains, children_of_a_token_that_is_no_lead_may_be_taken) {
  start(small(2, 1, 16));
  blockade busy;
  submit([&] {
    auto freed_by_child = submit([&] { busy.lift(); });
    busy.hold();
    freed_by_child.get();
  }).get();
  EXPECT_GE(sum(&core_statistics::stolen), 1u);
}

TEST_F(domains, a_core_that_falls_asleep_is_not_missed) {
  start(small(2, 1, 16));
  for (int round = 0; round < 2000; ++round) {
    submit([round] {
      // From "the other core still looks for work" to "it has been asleep for a while".
      const auto at = std::chrono::steady_clock::now() + std::chrono::nanoseconds(round * 7919LL % 150'000);
      while (std::chrono::steady_clock::now() < at) {
      }
      std::atomic<bool> taken{false};
      auto taken_child = submit([&taken] {
        taken = true;
        taken.notify_one();
      });
      taken.wait(false);  // blocks this core: only the other one can run the child
      taken_child.get();
    }).get();
  }
}

TEST_F(domains, a_nested_lead_may_go_elsewhere_and_takes_its_family_along) {
  start(small(2, 1, 16));
  blockade busy;
  footprint inner;
  unsigned outer_core = 0, inner_core = 0;
  submit(tags{external_calls{"inner"}}, [&] {
    outer_core = this_token::core();
    auto nested = submit(tags{external_calls{"anything"}}, [&] {
      inner_core = this_token::core();
      family(inner, 2);
      busy.lift();
    });
    busy.hold();  // only the other core can run it
    nested.get();
  }).get();
  EXPECT_NE(inner_core, outer_core);
  EXPECT_EQ(inner.cores(), 1);
}

TEST_F(domains, tokens_of_one_anchor_all_run_on_one_core) {
  start(small(4, 2, 2));
  std::set<unsigned> seen;
  std::vector<token<unsigned>> tokens;
  for (int i = 0; i < 200; ++i) {
    tokens.push_back(ledger_core(7));
    tokens.push_back(ledger_report(7, "x"));
  }
  for (const unsigned core : gather(std::move(tokens))) seen.insert(core);
  // From inside tokens of every core as well.
  std::vector<token<unsigned>> makers;
  for (int i = 0; i < 100; ++i) makers.push_back(submit([] { return ledger_core(7).get(); }));
  for (const unsigned core : gather(std::move(makers))) seen.insert(core);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(domains, anchored_tokens_pass_a_full_gate_of_their_own_core) {
  auto wanted = small(1, 1, 1);
  wanted.max_waiting = 1;
  start(wanted);
  const auto many = [] {
    std::vector<token<unsigned>> tokens;
    for (int i = 0; i < 20; ++i) tokens.push_back(ledger_core(i));
    return gather(std::move(tokens)).size();
  };
  EXPECT_EQ(submit(many).get(), 20u);
}

TEST_F(domains, anchored_tokens_pass_the_full_gates_of_two_cores_that_send_to_each_other) {
  auto wanted = small(2, 1, 1);
  wanted.max_waiting = 1;
  start(wanted);
  std::vector<token<int>> senders;
  for (int i = 0; i < 20; ++i)
    senders.push_back(submit([] {
      int count = 0;
      for (int j = 0; j < 20; ++j) {
        std::vector<token<unsigned>> tokens;
        for (int k = 0; k < 5; ++k) tokens.push_back(ledger_core(k));
        count += static_cast<int>(gather(std::move(tokens)).size());
      }
      return count;
    }));
  for (const int count : gather(std::move(senders))) EXPECT_EQ(count, 100);
}

class routing : public runtime_test {};

TEST_F(routing, tokens_from_outside_reach_every_core) {
  start(small(3, 1, 16));
  blockade busy;
  std::vector<token<void>> holders;
  for (int i = 0; i < 3; ++i) holders.push_back(submit([&] { busy.hold(); }));
  EXPECT_TRUE(eventually([&] { return busy.holding() == 3; })) << "each core holds one";
  busy.lift();
  gather(std::move(holders));
}

TEST_F(routing, an_idle_core_takes_what_waits_at_a_busy_one) {
  start(small(2, 1, 1024));
  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  std::vector<token<unsigned>> tokens;
  for (const auto heavy_or_light : {weight::heavy, weight::medium, weight::light})
    for (int i = 0; i < 50; ++i) tokens.push_back(submit(tags{heavy_or_light}, [] { return this_token::core(); }));
  const auto cores = gather(std::move(tokens));
  EXPECT_EQ(std::set<unsigned>(cores.begin(), cores.end()).size(), 1u) << "all on the core that is free";
  EXPECT_GE(sum(&core_statistics::stolen), 1u);
  busy.lift();
  holder.get();
}

}  // namespace
}  // namespace tokengate
