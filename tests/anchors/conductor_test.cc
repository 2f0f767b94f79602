// Domains: counted by their core and by others, over with the last token, and without a trace then.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/anchors/conductor.h>

namespace tokengate::anchors {
namespace {

constexpr unsigned elsewhere = conductor::elsewhere;

std::uint64_t pending_of(const conductor& all, std::uint64_t lead) {
  for (const auto& each : all.snapshot())
    if (each.lead == lead) return each.pending;
  return 0;
}

TEST(conductor, counts_a_lead_and_its_children) {
  conductor all(2);
  EXPECT_TRUE(all.snapshot().empty());
  const auto domain = all.open(1, 77, 5);
  ASSERT_NE(domain, conductor::none);
  EXPECT_EQ(all.lead_of(domain), 77u);
  EXPECT_EQ(all.operation_of(domain), 5u);
  all.enter(domain, 1);
  all.enter(domain, 1);
  all.note_undeclared(domain);
  const auto seen = all.snapshot();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].lead, 77u);
  EXPECT_EQ(seen[0].operation, 5u);
  EXPECT_EQ(seen[0].core, 1u);
  EXPECT_EQ(seen[0].pending, 3u);
  EXPECT_EQ(seen[0].made, 3u);
  EXPECT_EQ(seen[0].undeclared, 1u);
  EXPECT_TRUE(all.leave(domain, 1));
  EXPECT_TRUE(all.leave(domain, 1));
  EXPECT_EQ(pending_of(all, 77), 1u);
  all.end_lead(domain);
  EXPECT_TRUE(all.snapshot().empty());
}

TEST(conductor, keeps_a_domain_for_children_that_outlive_their_lead) {
  conductor all(2);
  const auto domain = all.open(0, 77, 5);
  all.enter(domain, 0);
  all.end_lead(domain);
  EXPECT_EQ(pending_of(all, 77), 1u);
  EXPECT_EQ(all.lead_of(domain), 77u);
  all.enter(domain, 0);  // the late child has one of its own
  EXPECT_TRUE(all.leave(domain, 0));
  EXPECT_EQ(pending_of(all, 77), 1u);
  EXPECT_TRUE(all.leave(domain, 0));
  EXPECT_TRUE(all.snapshot().empty());
}

TEST(conductor, counts_what_is_made_and_ends_elsewhere) {
  conductor all(2);
  const auto domain = all.open(0, 77, 5);
  all.enter(domain, 0);
  all.enter(domain, 1);  // made by the first, which core 1 has taken
  EXPECT_FALSE(all.leave(domain, 1));
  all.end_lead(domain);
  ASSERT_EQ(all.snapshot().size(), 1u);
  EXPECT_EQ(all.snapshot()[0].elsewhere, 1u);
  EXPECT_EQ(all.snapshot()[0].pending, 1u);
  EXPECT_FALSE(all.leave(domain, elsewhere)) << "by a thread that is no core";
  EXPECT_TRUE(all.snapshot().empty());
}

// The slots of domains that ended without their core are found again.
TEST(conductor, needs_no_more_memory_for_a_million_leads_than_for_a_few) {
  conductor all(2);
  std::uint32_t highest = 0;
  for (std::uint64_t lead = 1; lead <= 1'000'000; ++lead) {
    const unsigned core = lead % 2;
    const auto domain = all.open(core, lead, 1);
    highest = std::max(highest, domain);
    all.enter(domain, core);
    if (lead % 3 == 0) {
      all.end_lead(domain);
      all.leave(domain, lead % 5 == 0 ? 1 - core : core);  // the last one, behind its lead
    } else {
      all.leave(domain, lead % 5 == 0 ? 1 - core : core);
      all.end_lead(domain);
    }
  }
  EXPECT_TRUE(all.snapshot().empty());
  EXPECT_LT(highest, 1000u);
}

TEST(conductor, gives_the_memory_of_many_domains_back) {
  conductor all(1);
  std::vector<std::uint32_t> open;
  for (std::uint64_t lead = 1; lead <= 100'000; ++lead) open.push_back(all.open(0, lead, 1));
  EXPECT_EQ(all.snapshot().size(), 100'000u);
  const auto most = all.room();
  for (const auto each : open) all.enter(each, 0);
  for (const auto each : open) all.end_lead(each);
  for (const auto each : open) all.leave(each, 0);
  EXPECT_TRUE(all.snapshot().empty());
  all.trim(0);
  EXPECT_LT(all.room(), most / 100);
  // And it can be used again.
  for (auto& each : open) each = all.open(0, 7, 1);
  EXPECT_EQ(all.snapshot().size(), 100'000u);
  for (const auto each : open) all.end_lead(each);
  all.trim(0);
  EXPECT_LT(all.room(), most / 100);
}

// Two cores open, and end tokens of each other's domains, while a third thread looks: it never sees a domain that is
// not there, and in the end there is none.
TEST(conductor, is_counted_right_by_cores_that_take_from_each_other) {
  constexpr std::uint64_t rounds = 20'000, children = 4;
  conductor all(2);
  struct alignas(64) handed {
    std::atomic<std::uint32_t> domain{conductor::none};
  };
  std::vector<handed> given(2 * children);  // to the other core
  std::atomic<int> running{2};
  std::vector<std::thread> cores;
  for (unsigned core = 0; core < 2; ++core)
    cores.emplace_back([&, core] {
      const auto end_what_was_given = [&] {
        for (std::uint64_t i = 0; i < children; ++i)
          if (const auto taken = given[core * children + i].domain.exchange(conductor::none);
              taken != conductor::none) {
            all.enter(taken, core);
            all.leave(taken, core);
            all.leave(taken, core);
          }
      };
      for (std::uint64_t round = 1; round <= rounds; ++round) {
        const auto domain = all.open(core, round * 2 + core, core + 1);
        for (std::uint64_t i = 0; i < children; ++i) {
          all.enter(domain, core);
          auto expected = conductor::none;
          if (!given[(1 - core) * children + i].domain.compare_exchange_strong(expected, domain))
            all.leave(domain, core);
        }
        end_what_was_given();
        all.end_lead(domain);
      }
      running.fetch_sub(1);
      while (running.load() != 0) end_what_was_given();
      end_what_was_given();
    });
  std::uint64_t wrong = 0;
  while (running.load() != 0)
    for (const auto& each : all.snapshot()) {
      const bool fine = each.lead % 2 == each.core && each.operation == each.core + 1u &&
                        each.made <= 1 + 2 * children && each.pending <= each.made;
      if (!fine) ++wrong;
    }
  for (auto& each : cores) each.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(all.snapshot().empty());
}

}  // namespace
}  // namespace tokengate::anchors
