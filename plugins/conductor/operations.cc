#include <utility>

#include <tokengate/plugins/conductor/operations.h>

namespace tokengate::conductor {
namespace {

struct finding {
  bool elsewhere, other_seed, other_lead;
};

finding look_around(const lead_facts& lead) {
  return {this_token::core() != lead.core, this_token::seed() != lead.seed, this_token::lead() != lead.id};
}

}  // namespace

family& family::operator+=(const family& more) noexcept {
  tokens += more.tokens;
  elsewhere += more.elsewhere;
  other_seed += more.other_seed;
  other_lead += more.other_lead;
  return *this;
}

family follow(std::shared_ptr<const lead_facts> lead, const plan* all, std::uint64_t depth) {
  const finding before = look_around(*lead);
  std::vector<token<family>> below;
  if (depth > 1) {
    below.reserve(all->children);
    for (std::uint64_t i = 0; i < all->children; ++i) below.push_back(conducted(lead, all, depth - 1));
  }
  this_token::sleep_for(all->hold);
  const finding after = look_around(*lead);
  family found{1, before.elsewhere || after.elsewhere ? 1u : 0u, before.other_seed || after.other_seed ? 1u : 0u,
               before.other_lead || after.other_lead ? 1u : 0u};
  for (const family& each : gather(std::move(below))) found += each;
  return found;
}

lead_end conduct(const plan* all, std::uint64_t nested, bool looks) {
  lead_end mine;
  mine.facts = {this_token::id(), this_token::core(), this_token::seed()};
  const auto shown = std::make_shared<const lead_facts>(mine.facts);
  std::vector<token<family>> children;
  children.reserve(all->children + all->undeclared);
  for (std::uint64_t i = 0; i < all->children; ++i) children.push_back(conducted(shown, all, all->depth));
  for (std::uint64_t i = 0; i < all->undeclared; ++i) children.push_back(stranger(shown, all, 1));
  std::vector<token<lead_end>> leads;
  for (std::uint64_t i = 0; i < nested; ++i) leads.push_back(all->lead(*all, 0, false));
  if (looks) {
    mine.looked_at = std::chrono::steady_clock::now();
    mine.domains = all->system->domains();
  }
  for (auto& each : leads) mine.nested.push_back(each.get());
  if (all->late)
    mine.late = std::move(children);
  else
    for (const family& each : gather(std::move(children))) mine.found += each;
  mine.kept_seed = this_token::seed() == mine.facts.seed && this_token::lead() == mine.facts.id;
  return mine;
}

}  // namespace tokengate::conductor
