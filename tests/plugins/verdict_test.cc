// How the conductor workload judges a lead and its family; seeds by hand.
#include <gtest/gtest.h>

#include <tokengate/plugins/conductor/recompute.h>
#include <tokengate/plugins/conductor/verdict.h>

namespace tokengate::conductor {
namespace {

const expectation wanted{.operation = "lead_short_bound",
                         .digest = digest_policy::short_,
                         .bound = true,
                         .direct = 5,
                         .family = 5,
                         .undeclared = 1};

/// One with which nothing is wrong.
lead_end good(std::uint64_t id = 77) {
  lead_end one;
  one.facts = {id, 1, recomputed(digest_policy::short_, text_of(id, wanted.operation))};
  one.found = {.tokens = 5, .elsewhere = 0, .other_seed = 0, .other_lead = 0};
  one.domains.push_back({.lead = 12, .operation = wanted.operation, .seed = "", .core = 1, .pending = 1, .made = 1});
  one.domains.push_back({.lead = id,
                         .operation = wanted.operation,
                         .seed = one.facts.seed,
                         .core = 1,
                         .pending = 6,
                         .made = 6,
                         .undeclared = 1});
  return one;
}

std::string fault_of(const lead_end& one) { return fault(one, wanted, true, true); }

/// What is wrong with a good one after `spoil`.
template <class Spoil>
std::string after(Spoil spoil) {
  lead_end one = good();
  spoil(one);
  return fault_of(one);
}

TEST(seeds_by_hand, are_what_other_tools_say) {
  EXPECT_EQ(text_of(42, "lead_full_bound"), "42:conducted,lead_full_bound");
  // printf abc | sha256sum; printf abc | xxhsum -H3
  EXPECT_EQ(recomputed(digest_policy::full, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(recomputed(digest_policy::short_, "abc"), "ba7816bf8f01cfea");
  EXPECT_EQ(recomputed(digest_policy::minimal, "abc"), "ba7816bf");
  EXPECT_EQ(recomputed(digest_policy::fast, "abc"), "78af5f94892f3950");
}

TEST(verdict, of_what_is_right) { EXPECT_EQ(fault_of(good()), ""); }

TEST(verdict, of_a_lead) {
  EXPECT_EQ(after([](lead_end& one) { one.facts.seed = "0"; }),
            "has the seed 0, recomputed it is " + good().facts.seed);
  EXPECT_EQ(after([](lead_end& one) { one.kept_seed = false; }), "had another seed after it had waited");
}

TEST(verdict, of_its_family) {
  EXPECT_EQ(after([](lead_end& one) { one.found.tokens = 4; }), "has a family of 4 tokens instead of 5");
  EXPECT_EQ(after([](lead_end& one) { one.found.elsewhere = 1; }),
            "1 of 5 tokens of its family were not on its core 1");
  EXPECT_NE(after([](lead_end& one) { one.found.other_seed = 1; }).find("did not have its seed"), std::string::npos);
  EXPECT_NE(after([](lead_end& one) { one.found.other_lead = 1; }).find("another lead"), std::string::npos);
  expectation anywhere = wanted;
  anywhere.bound = false;
  lead_end one = good();
  one.found.elsewhere = 1;
  EXPECT_EQ(fault(one, anywhere, true, true), "");
}

TEST(verdict, of_the_domain_that_it_saw) {
  EXPECT_EQ(after([](lead_end& one) { one.domains.pop_back(); }), "did not see its own domain");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().core = 0; }), "saw its domain on core 0");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().seed = "f"; }), "saw its domain with the seed f");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().operation = "x"; }), "saw its domain as that of x");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().pending = 0; }), "saw 0 tokens pending of 6 in its domain");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().pending = 7; }), "saw 7 tokens pending of 6 in its domain");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().pending = one.domains.back().made = 5; }),
            "saw 5 tokens in its domain, itself included, after it had called 5");
  EXPECT_EQ(after([](lead_end& one) { one.domains.back().undeclared = 0; }), "saw 0 undeclared calls");
}

TEST(verdict, of_leads_that_it_called) {
  EXPECT_EQ(after([](lead_end& one) { one.nested.push_back(good(78)); }), "");
  EXPECT_EQ(after([](lead_end& one) {
              one.nested.push_back(good(78));
              one.nested.back().facts.seed = one.facts.seed;
            }),
            "called a lead that has the seed " + good().facts.seed + ", recomputed it is " + good(78).facts.seed);
}

TEST(verdict, of_a_lead_that_did_not_wait) {
  lead_end one = good();
  one.found = {};
  EXPECT_EQ(fault(one, wanted, true, false), "");
  EXPECT_EQ(fault(one.facts, one.found, wanted), "has a family of 0 tokens instead of 5");
}

}  // namespace
}  // namespace tokengate::conductor
