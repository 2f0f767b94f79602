// Cycles of waits, found in views that are written down by hand.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/lanes/wait_graph.h>

namespace tokengate::lanes {
namespace {

using detail::wait_kind;
using ids = std::vector<std::uint64_t>;

/// A survey of up to three cores.
class views {
 public:
  views() : cores_(3) {
    for (auto& each : cores_) each.answered = true;
  }

  /// A suspended fiber: its tokens, innermost first, and what it waits for.
  views& fiber(unsigned core, const ids& tokens, wait_kind kind, const ids& awaited) {
    core_view& view = cores_[core];
    seen_fiber made{};
    made.state = fiber_state::suspended;
    made.kind = kind;
    made.serial = ++serial_;
    made.first_token = static_cast<std::uint32_t>(view.tokens.size());
    made.tokens = static_cast<std::uint32_t>(tokens.size());
    made.first_awaited = static_cast<std::uint32_t>(view.awaited.size());
    made.awaited = static_cast<std::uint32_t>(awaited.size());
    for (const auto id : tokens) view.tokens.push_back({id, 0});
    view.awaited.insert(view.awaited.end(), awaited.begin(), awaited.end());
    view.fibers.push_back(made);
    return *this;
  }
  views& waits(unsigned core, std::uint64_t token, std::uint64_t awaited) {
    return fiber(core, {token}, wait_kind::token, {awaited});
  }
  seen_fiber& last(unsigned core) { return cores_[core].fibers.back(); }

  [[nodiscard]] std::vector<wait_cycle> cycles() const { return find_cycles(cores_); }
  /// The only cycle.
  [[nodiscard]] std::string cycle() const {
    const auto found = cycles();
    return found.size() == 1 ? describe(found[0]) : std::to_string(found.size()) + " cycles";
  }
  [[nodiscard]] const std::vector<core_view>& all() const { return cores_; }

 private:
  std::vector<core_view> cores_;
  std::uint64_t serial_ = 0;
};

TEST(wait_graph, a_chain_that_ends_is_no_cycle) {
  EXPECT_TRUE(views{}.cycles().empty());
  EXPECT_TRUE(views{}.waits(0, 1, 2).waits(1, 2, 3).waits(0, 3, 4).cycles().empty()) << "4 may run";
  EXPECT_TRUE(views{}.waits(0, 1, 2).waits(0, 3, 2).waits(0, 4, 2).cycles().empty());
}

TEST(wait_graph, names_the_cycle_from_the_youngest_on) {
  EXPECT_EQ(views{}.waits(0, 7, 7).cycle(), "token 7 of 'submit' waits for token 7 of 'submit'");
  EXPECT_EQ(views{}.waits(0, 1, 2).waits(1, 2, 1).cycle(),
            "token 2 of 'submit' waits for token 1 of 'submit', which waits for token 2 of 'submit'");
  EXPECT_EQ(views{}.waits(0, 1, 3).waits(1, 2, 1).waits(2, 3, 2).waits(0, 9, 1).cycle(),
            "token 3 of 'submit' waits for token 2 of 'submit', which waits for token 1 of 'submit', which waits for "
            "token 3 of 'submit'")
      << "9 hangs on the cycle without being part of it";
}

TEST(wait_graph, who_waits_for_all_is_stuck_by_one) {
  EXPECT_EQ(views{}.fiber(0, {5}, wait_kind::all_tokens, {10, 6, 11}).waits(1, 6, 5).cycles().size(), 1u);
}

TEST(wait_graph, who_waits_for_any_is_stuck_by_all) {
  EXPECT_TRUE(views{}.fiber(0, {5}, wait_kind::any_token, {6, 10}).waits(1, 6, 5).cycles().empty()) << "10 may run";
  EXPECT_TRUE(views{}.fiber(0, {5}, wait_kind::any_token, {6, 7}).waits(1, 6, 5).waits(1, 7, 10).cycles().empty());
  const auto found = views{}.fiber(0, {5}, wait_kind::any_token, {6, 7}).waits(1, 6, 5).waits(2, 7, 5).cycles();
  ASSERT_EQ(found.size(), 1u) << "with its victim gone, 5 goes on, and with it the other one";
  EXPECT_EQ(found[0].steps[found[0].victim].token.id, 6u);
}

TEST(wait_graph, a_token_that_runs_another_in_place_is_held_up_by_it) {
  // 1 runs 2 in place, which waits for 3, which waits for 1.
  const auto found = views{}.fiber(0, {2, 1}, wait_kind::token, {3}).waits(1, 3, 1).cycles();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(describe(found[0]),
            "token 3 of 'submit' waits for token 1 of 'submit', which runs token 2 of 'submit' in place, which waits "
            "for token 3 of 'submit'");
  const auto own = views{}.fiber(0, {2, 1}, wait_kind::token, {1}).cycles();
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].steps[own[0].victim].token.id, 2u) << "only the innermost waits";
  const auto older = views{}.fiber(0, {2, 9}, wait_kind::token, {9}).cycles();
  EXPECT_EQ(older[0].steps[older[0].victim].token.id, 2u) << "although 9 is younger";
}

TEST(wait_graph, a_lock_leads_to_its_owner) {
  EXPECT_EQ(views{}.fiber(0, {1}, wait_kind::lock, {2}).fiber(1, {2}, wait_kind::lock, {1}).cycle(),
            "token 2 of 'submit' waits for a lock of token 1 of 'submit', which waits for a lock of token 2 of "
            "'submit'");
  EXPECT_EQ(views{}.fiber(0, {1}, wait_kind::lock, {2}).waits(1, 2, 1).cycles().size(), 1u);
  EXPECT_TRUE(views{}.fiber(0, {1}, wait_kind::lock, {}).waits(1, 2, 1).cycles().empty()) << "nobody owns it";
}

TEST(wait_graph, waits_that_end_otherwise_do_not_count) {
  for (const auto kind : {wait_kind::other, wait_kind::sleep, wait_kind::io, wait_kind::storage_permit})
    EXPECT_TRUE(views{}.fiber(0, {1}, kind, {2}).waits(1, 2, 1).cycles().empty());
  views timed;
  timed.waits(0, 1, 2).waits(1, 2, 1).last(0).timed = true;
  EXPECT_TRUE(timed.cycles().empty());
  for (const auto state : {fiber_state::running, fiber_state::ready}) {
    views going;
    going.waits(0, 1, 2).waits(1, 2, 1).last(0).state = state;
    EXPECT_TRUE(going.cycles().empty());
  }
}

TEST(wait_graph, who_must_not_throw_is_no_victim) {
  views one;
  one.waits(0, 1, 2).waits(1, 2, 1).last(1).shielded = true;
  const auto found = one.cycles();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].steps[found[0].victim].token.id, 1u);
  one.last(0).shielded = true;
  EXPECT_TRUE(one.cycles().empty()) << "nothing can be done about it";
}

TEST(wait_graph, finds_every_cycle) {
  views many;
  constexpr std::uint64_t count = 2000;
  for (std::uint64_t i = 1; i <= count; ++i) many.waits(i % 3, i, i % 2 == 0 ? i - 1 : i + 1).waits(0, count + i, i);
  const auto found = many.cycles();
  EXPECT_EQ(found.size(), count / 2);
  for (const auto& each : found) EXPECT_EQ(each.steps[each.victim].token.id % 2, 0u);
}

TEST(wait_graph, a_wait_is_known_again_by_its_serial) {
  views before;
  before.waits(0, 1, 2).waits(1, 2, 1);
  const auto found = before.cycles();
  EXPECT_TRUE(still_there(found.at(0), before.all()));
  views after = before;
  ++after.last(1).serial;
  EXPECT_FALSE(still_there(found.at(0), after.all()));
  EXPECT_FALSE(still_there(found.at(0), views{}.all()));
}

}  // namespace
}  // namespace tokengate::lanes
