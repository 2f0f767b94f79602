#include <tokengate/plugins/conductor/recompute.h>
#include <tokengate/plugins/conductor/verdict.h>
#include <tokengate/plugins/report/human.h>

namespace tokengate::conductor {
namespace {

using report::count_text;

std::string fault(const lead_end& lead, const domain_status& seen, const expectation& wanted) {
  if (seen.core != lead.facts.core) return "saw its domain on core " + std::to_string(seen.core);
  if (seen.seed != lead.facts.seed) return "saw its domain with the seed " + seen.seed;
  if (seen.operation != wanted.operation) return std::string("saw its domain as that of ").append(seen.operation);
  if (seen.pending == 0 || seen.pending > seen.made) {
    return "saw " + count_text(seen.pending) + " tokens pending of " + count_text(seen.made) + " in its domain";
  }
  if (seen.made <= wanted.direct) {
    return "saw " + count_text(seen.made) + " tokens in its domain, itself included, after it had called " +
           count_text(wanted.direct);
  }
  if (seen.undeclared != wanted.undeclared) return "saw " + count_text(seen.undeclared) + " undeclared calls";
  return {};
}

}  // namespace

const domain_status* own_domain(const lead_end& lead) {
  for (const auto& each : lead.domains)
    if (each.lead == lead.facts.id) return &each;
  return nullptr;
}

std::string fault(const lead_facts& lead, const family& found, const expectation& wanted) {
  const std::string of = " of " + count_text(found.tokens) + " tokens of its family ";
  if (found.tokens != wanted.family)
    return "has a family of " + count_text(found.tokens) + " tokens instead of " + count_text(wanted.family);
  if (found.other_seed != 0) return count_text(found.other_seed) + of + "did not have its seed " + lead.seed;
  if (found.other_lead != 0) return count_text(found.other_lead) + of + "belonged to another lead, or to none";
  if (wanted.bound && found.elsewhere != 0)
    return count_text(found.elsewhere) + of + "were not on its core " + std::to_string(lead.core);
  return {};
}

std::string fault(const lead_end& lead, const expectation& wanted, bool looked, bool waited) {
  const std::string right = recomputed(wanted.digest, text_of(lead.facts.id, wanted.operation));
  if (lead.facts.seed != right) return "has the seed " + lead.facts.seed + ", recomputed it is " + right;
  if (!lead.kept_seed) return "had another seed after it had waited";
  if (looked) {
    const domain_status* const seen = own_domain(lead);
    if (seen == nullptr) return "did not see its own domain";
    if (auto wrong = fault(lead, *seen, wanted); !wrong.empty()) return wrong;
  }
  if (waited) {
    if (auto wrong = fault(lead.facts, lead.found, wanted); !wrong.empty()) return wrong;
  }
  for (const lead_end& inner : lead.nested) {
    if (auto wrong = fault(inner, wanted, false, waited); !wrong.empty()) return "called a lead that " + wrong;
  }
  return {};
}

}  // namespace tokengate::conductor
