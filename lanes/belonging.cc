// What of the tokens of a core belongs together: domains of leads, pins and strands of anchors.
#include <string>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/error.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/runtime.h>

namespace tokengate::lanes {

using detail::node;

// --- domains
// ----------------------------------------------------------------------------------------------------------

/// A lead will open a domain of its own where it begins; other children belong to that of their parent.
void core::join_domain(node& parent, node& child) {
  if (parent.tags.lead) {
    if (parent.domain == 0) [[unlikely]]  // there was no memory for it before
      parent.domain = domains_.open(index_, parent.id(), parent.operation);
    if (runtime_.calls.contain(parent.operation, child.operation)) [[likely]]
      known_calls_[child.operation % known_calls_.size()] = both(parent, child);
    else
      note_undeclared(parent, child);
  }
  if (child.tags.lead) return;
  enter_domain(parent, child);
}

void core::note_undeclared(const node& lead, const node& child) {
  if (runtime_.settings.strict_calls) refuse_undeclared(lead, child);
  auto& known = undeclared_calls_[child.operation % undeclared_calls_.size()];
  if (known.count == nullptr || known.calls != both(lead, child))
    known = {both(lead, child), &runtime_.calls.undeclared(lead.operation, child.operation)};
  known.count->fetch_add(1, std::memory_order_relaxed);  // of all cores; see declared_calls::undeclared()
  domains_.note_undeclared(lead.domain);
}

void core::refuse_undeclared(const node& lead, const node& child) {
  const std::string name(operation_name(lead.operation)), called(operation_name(child.operation));
  throw undeclared_call("lead '" + name + "' called '" + called +
                        "', which its external_calls do not name; add it there (options::strict_calls)");
}

/// The lead begins. Without memory the domain is opened with its first child.
void core::open_domain(node& lead) noexcept {
  lead.binds = lead.tags.domain == domain::bound;
  try {
    lead.domain = domains_.open(index_, lead.id(), lead.operation);
  } catch (const std::bad_alloc&) {
  }
}

detail::host::lead_facts core::lead() const noexcept {
  const node* const token = running();
  if (token == nullptr || token->domain == 0) return {};
  return {domains_.lead_of(token->domain), domains_.operation_of(token->domain)};
}

// --- strands
// ----------------------------------------------------------------------------------------------------------

/// With the queue's share in hand. False: it is not the token's turn, or it is not to be had any more.
bool core::enter_strand(node& token) noexcept {
  // What its waiter runs in place has its turn already; the strand is not for its entry in the mailbox.
  if (token.state() != token_state::admitted) {
    token.drop_stale();
    return false;
  }
  if (strands_.enter(token)) return true;
  runtime_.slots.take(true);  // it waits, beside those at the gates; see submit()
  detail::add_relaxed(counters_.in_strand);
  return false;
}

/// While something is paused: a token that would have to wait for its turn in any case does so in its strand, behind
/// those that came before; whether a pause holds it back is asked when its turn has come.
bool core::behind_in_strand(node& token) noexcept {
  if (!token.tags.exclusive || strands_.vacant(token) || held_.before(token)) return false;
  static_cast<void>(enter_strand(token));
  return true;
}

/// The next one whose turn came, claimed, or null.
node* core::next_turn(std::uint32_t& modes) noexcept {
  while (node* const token = strands_.pop()) {
    runtime_.slots.give(1);
    const bool cancelling = (modes & mode_cancelling) != 0;
    if (cancelling) {
      strands_.leave(*token);
      kill(*token, token_state::killed);
    } else if (!held_back_in_turn(*token, modes) &&
               (token->tags.storage != 0 ? claim_with_permit(*token) : claim_queued(*token))) {
      return token;
    }
    modes = start_taking();  // as in next()
  }
  return nullptr;
}

/// Of one that has its turn. Those behind it that must not come before it are held back with it, for it will enter at
/// the end; and they come before all that are held back already, which had not entered yet.
bool core::held_back_in_turn(node& token, std::uint32_t modes) noexcept {
  const auto group = ++groups_held_;
  if (!held_back(token, modes, group)) return false;
  strands_.step_aside(token, [this, modes, group](node& behind) {
    if (!held_back(behind, modes, group)) return false;
    runtime_.slots.give(1);
    return true;
  });
  return true;
}

/// With the queue's share in hand, which is given up, and its turn.
bool core::claim_queued(node& token) noexcept {
  if (!token.tags.exclusive) [[likely]]
    return token.claim_from_queue();
  const bool claimed = token.claim_by_waiter();
  if (!claimed) strands_.leave(token);
  token.drop_stale();
  return claimed;
}

/// A key's tokens begin in the order in which they were submitted: so in place only the one that is alone.
bool core::anchor_allows_inline(const node& child) const noexcept {
  // Acquire: pairs with sticky_pins::release(); what the others did comes first.
  if (detail::anchored(child).companions->load(std::memory_order_acquire) != 1) return false;
  return !child.tags.exclusive || strands_.vacant(child);
}

// --- the end of belonging
// ---------------------------------------------------------------------------------------------

void core::left(const node& token) noexcept { runtime_.left(token, index_); }

/// It had begun.
void core::left_by_end(node& token) noexcept {
  if (token.tags.exclusive) strands_.leave(token);
  if (token.tags.anchored) anchors::sticky_pins::release(*detail::anchored(token).companions);
  if (token.domain == 0) return;
  if (token.tags.lead)
    domains_.end_lead(token.domain);
  else if (!domains_.leave(token.domain, index_))
    detail::add_relaxed(counters_.for_other_domains);
}

// --- pins
// -------------------------------------------------------------------------------------------------------------

/// Of two cores that the key names the first, unless far more waits there. So a key comes back to the core that has its
/// data in the cache, also after a pause; lanes from which nobody takes keep to the core that their rule names.
std::uint16_t runtime::choose_core(const node& token) noexcept {
  if ((lanes_that_give_.load(std::memory_order_relaxed) >> lane_of(token) & 1) == 0)
    return static_cast<std::uint16_t>(route(token).core);
  const std::uint64_t key = detail::anchored(token).key, count = cores.size();
  const auto first = (key & 0xffff'ffff) * count >> 32;
  if (count == 1) return 0;
  const auto second = (first + 1 + ((key >> 16 & 0xffff'ffff) * (count - 1) >> 32)) % count;
  const auto queued = [this](std::size_t core) {
    return cores[core]->pinned().waiting() + cores[core]->pinned().admitted();
  };
  constexpr std::size_t tolerated = 16;
  const bool crowded = queued(first) > 2 * queued(second) + tolerated;
  return static_cast<std::uint16_t>(crowded ? second : first);
}

/// To the core of the token's key. It is not stolen from there.
destination runtime::bind(node& token) {
  const auto held = pins.hold(detail::anchored(token).key, token.operation, [&] { return choose_core(token); });
  detail::anchored(token).companions = held.tokens;
  token.bound = true;
  token.home = held.core;
  return {held.core, no_slot};
}

void runtime::spawn_anchored(node& child, std::uint64_t id) {
  if (abandoned_.load(std::memory_order_relaxed)) refuse_abandoned();
  child.begin(id, token_state::created, 0);
  if (child.tags.lane != 0) use_lane(lane_of(child));  // choose_core() asks it
  core& target = *cores[bind(child).core];
  target.offer(child, no_slot, true);
  detail::light_fence();  // pairs with the heavy fences in core::sleep() and abandon()
  // Whoever may end it from outside, by its request, is not to take it for a token of a later run.
  if (abandoned_.load(std::memory_order_relaxed)) [[unlikely]]
    child.request.make(child.id(), detail::stop_cause::killed, reason_stopped);
  target.wake();
}

void runtime::refuse_abandoned() {
  throw coordinator_stopped("the coordinator has stopped without the token that calls this; it cannot go on");
}

}  // namespace tokengate::lanes
