// The way of one token through its core: taken from a queue, claimed, permitted, run, counted, finished.
#include <algorithm>
#include <chrono>
#include <utility>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/observe.h>
#include <tokengate/core/poller.h>
#include <tokengate/core/spin_pause.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/permit_wait.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::add_relaxed;
using detail::node;

// --- taking
// -----------------------------------------------------------------------------------------------------------

node* core::next() noexcept {
  auto modes = start_taking();
  node* token =
      granted_ != nullptr || resubmitted_.load(std::memory_order_relaxed) != nullptr ? next_granted(modes) : nullptr;
  // Every second time: strands that never end must not keep the core from everything else.
  if (token == nullptr && !strands_.empty() && turn_ % 2 == 0) [[unlikely]]
    token = next_turn(modes);
  while (token == nullptr) {
    // What was kept back and may begin by now comes before what is newer, and is not asked for a second time.
    const bool was_held = !held_.empty() && (token = next_held(modes)) != nullptr;
    if (!was_held) token = next_unclaimed(modes);
    if (token == nullptr) break;
    if (claim(*token, was_held ? modes & mode_cancelling : modes)) break;
    token = nullptr;
    modes = start_taking();  // what ended with the token may have run code of users, for as long as it liked
  }
  if (token == nullptr && !strands_.empty()) [[unlikely]]
    token = next_turn(modes);
  if (token == nullptr) stop_taking();
  return token;
}

/// Depth first: the newest child of what runs here before anything new, so that memory stays bounded; but now and then
/// a token from outside first, so that endless families starve nobody.
node* core::next_unclaimed(std::uint32_t modes) noexcept {
  constexpr std::uint32_t fresh_first = 64;
  const bool closed = (modes & mode_paused) != 0 && (modes & mode_cancelling) == 0;
  if (turn_ % fresh_first == 0 && !closed)
    if (node* const token = next_from_lanes()) return token;
  if (node* const token = bound_.pop()) return token;
  if (node* const token = open_.pop()) return token;
  // What must run here comes from outside, and then is kept back, or is the child of a token that runs.
  if (node* const token = closed ? pinned_.take() : next_from_lanes()) return token;
  return steal(!closed);
}

/// The policies in use take turns as far as they have tokens; now and then, and when they have none, it is the turn of
/// the tokens that must run here.
node* core::next_from_lanes() noexcept {
  constexpr std::size_t pinned_every = 8;
  const bool pinned_first = ++lane_turn_ % pinned_every == 0;
  if (pinned_first)
    if (node* const token = pinned_.take()) return token;
  const auto in_use = lanes_in_use_.load(std::memory_order_acquire);  // pairs with add_lane()
  if ((in_use & (in_use - 1)) == 0) [[likely]] {
    if (node* const token = lanes_[static_cast<std::size_t>(std::countr_zero(in_use))]->take()) return token;
  } else {
    const auto count = lanes_.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto which = (lane_turn_ + i) % count;
      if ((in_use >> which & 1) != 0)
        if (node* const token = lanes_[which]->take()) return token;
    }
  }
  return pinned_first ? nullptr : pinned_.take();
}

/// Takes from the next core that has something, mostly more than one at once; the rest goes to the own deque, where
/// others may take them in turn.
node* core::steal(bool from_lanes) noexcept {
  if (!steals_now()) return nullptr;
  node* taken[child_deque::most_at_once];
  const std::size_t count = runtime_.cores.size();
  const unsigned first = first_victim();
  for (std::size_t i = 0; i < count; ++i) {
    core& victim = *runtime_.cores[(first + i) % count];
    if (&victim == this) continue;
    const std::size_t got = victim.give_to_thief(taken, child_deque::most_at_once, from_lanes);
    if (got == 0) continue;
    counters_.stolen.store(counters_.stolen.load(std::memory_order_relaxed) + got, std::memory_order_relaxed);
    // The own deque is empty, or nothing would be stolen: there is room without growing. Of a lane's tokens the oldest
    // is to come first; of children the oldest are to be where other thieves take them.
    const bool children = taken[0]->creator != 0;
    if (!children) std::reverse(taken + 1, taken + got);
    for (std::size_t each = 1; each < got; ++each) open_.push_beyond(*taken[each]);
    if (got > 1) runtime_.work_appeared();
    if (children) {
      stolen_ = got;
      stolen_at_ = std::chrono::steady_clock::now();
    }
    return taken[0];
  }
  return nullptr;
}

/// A stolen child costs both cores several cache misses, and the other one an interrupt a steal. Where children take no
/// longer than that they are run faster by who made them; so after such a batch this core leaves the others alone for a
/// while, the longer the more often that happened. False: something else came up meanwhile, or it is not time yet.
bool core::steals_now() noexcept {
  using namespace std::chrono_literals;
  constexpr std::chrono::nanoseconds worth_it = 400ns, shortest = 4us, longest = 64us;
  if (stolen_ == 0 && keeps_off_ == 0ns) [[likely]]
    return true;
  auto time = std::chrono::steady_clock::now();
  if (stolen_ != 0) {
    const bool small = time - stolen_at_ < std::exchange(stolen_, 0) * worth_it;
    keeps_off_ = small ? std::clamp(2 * keeps_off_, shortest, longest) : 0ns;
    steals_again_at_ = time + keeps_off_;
  }
  // Nothing of the others is looked at meanwhile: each look would take a cache line from who is at work there.
  for (; time < steals_again_at_; time = std::chrono::steady_clock::now()) {
    if (has_own_work() || scheduler_->has_ready_fibers() || scheduler_->outside_pending() || events_->pending() ||
        !timers_.empty() || modes_.load(std::memory_order_relaxed) != 0 ||
        runtime_.finished.load(std::memory_order_relaxed))
      return false;
    for (int i = 0; i < 16; ++i) detail::spin_pause();
  }
  return true;
}

std::size_t core::give_to_thief(node** taken, std::size_t most, bool from_lanes) noexcept {
  if (const std::size_t got = open_.steal(taken, most)) return got;
  if (!from_lanes) return 0;
  // What the thief gets for its own lanes meanwhile waits behind what it takes: so as many as the policy allows, and
  // nothing behind a heavy one.
  std::size_t got = 0;
  any_lane([&](lane& each) {
    const auto share = std::min({each.gives_at_once(), most, (each.admitted() + 1) / 2});
    do {
      node* const token = each.give();
      if (token == nullptr) break;
      taken[got++] = token;
    } while (got < share && taken[got - 1]->tags.weight != weight::heavy);
    return got != 0;
  });
  return got;
}

bool core::has_loot(bool in_lanes) const noexcept {
  if (open_.size() != 0) return true;
  return in_lanes && any_lane([](const lane& each) { return each.has_loot(); });
}

/// With the queue's share of a token in hand: makes it ours to run. False when it is not (any more).
bool core::claim(node& token, std::uint32_t modes) noexcept {
  if (modes != 0) [[unlikely]] {
    if ((modes & mode_cancelling) != 0) {
      kill(token, token_state::killed);
      return false;
    }
    if (behind_in_strand(token) || held_back(token, modes)) return false;
  }
  if (token.tags.exclusive) [[unlikely]]
    if (!enter_strand(token)) return false;
  if (token.tags.storage != 0) return claim_with_permit(token);
  return claim_queued(token);
}

/// Whether a pause wants that it does not begin now.
bool core::must_wait(const node& token, std::uint32_t modes) const noexcept {
  if ((modes & mode_cancelling) != 0) return false;
  const bool from_outside = token.creator == 0;
  return ((modes & mode_paused) != 0 && from_outside) ||
         ((modes & mode_some_paused) != 0 && runtime_.operation_paused(token));
}

/// Keeps a token that must not begin now, or not before an older one of its operation.
bool core::held_back(node& token, std::uint32_t modes, std::uint64_t group) noexcept {
  if (!must_wait(token, modes) && !held_.before(token)) return false;
  try {
    group == 0 ? held_.push(token) : held_.push_older(token, group);
  } catch (const std::bad_alloc&) {
    return false;  // no memory to keep it: rather begun than lost
  }
  add_relaxed(counters_.held_back);
  return true;
}

/// The oldest one that was kept back and may begin by now. Only while somebody pauses is the list not empty for long.
node* core::next_held(std::uint32_t modes) noexcept {
  return held_.pop_but([this, modes](const node& each) { return must_wait(each, modes); });
}

/// With the queue's share in hand: ends a token that nobody has claimed.
void core::kill(node& token, token_state how) noexcept {
  auto& counters = counted(token);
  token.request.make(token.id(), detail::stop_cause::killed, runtime_.reason_stopped);
  const detail::farewell last(token);
  const auto reason = token.request.reason();
  // Before anybody can see it: who has seen the token end finds it counted.
  token.end_from_queue(how, [&](token_state from) {
    counters.count(how);
    left(token);
    last.tell(from, how, reason);
  });
}

// --- running
// ----------------------------------------------------------------------------------------------------------

void core::execute(node& token) noexcept {
  frame here{&token, frame_};
  std::atomic_signal_fence(std::memory_order_release);  // a stall probe looks at it from a signal handler
  frame_ = &here;
  auto how = token_state::killed;
  const bool for_lane =
      token.creator == 0 && !token.bound && --until_measured_[static_cast<std::size_t>(token.tags.weight)] == 0;
  detail::tell(token, token_state::admitted, token_state::executing);
  const bool unusual =
      token.request.made() || token.dated || here.outer != nullptr || modes_.load(std::memory_order_relaxed) != 0;
  if (unusual && detail::stop_requested()) [[unlikely]] {
    // Asked to stop, or too late, before it began: it never does.
    stop_taking();
    if (for_lane) tell_lane(token, 0);
  } else {
    stop_taking();
    if (token.tags.lead) open_domain(token);
    how = !token.timed && !for_lane ? token.run() : execute_timed(token, for_lane);
  }
  frame_ = here.outer;
  end(token, how);
}

token_state core::execute_timed(node& token, bool for_lane) noexcept {
  const auto started = detail::ticks();
  if (token.timed) {
    auto& extra = token.extra();
    extra.started = started;
    // Two cores' stamps may stand the wrong way round by a little.
    counted(token).queue_wait.add(started > extra.created ? started - extra.created : 0);
  }
  const auto suspensions = counters_.suspensions.load(std::memory_order_relaxed);
  const auto how = token.run();
  const auto ended = detail::ticks();
  if (token.timed) {
    token.extra().ended = ended;
    counted(token).run_time.add(ended - started);
  }
  // What a token that was suspended cost this core is not known.
  const bool suspended = counters_.suspensions.load(std::memory_order_relaxed) != suspensions;
  if (for_lane) tell_lane(token, suspended ? 0 : cost(ended - started));
  return how;
}

/// Every so many tokens of a weight, an odd number, so that a program which makes them in a pattern has all measured.
/// 0 ticks: that was not to be had this time.
void core::tell_lane(const node& token, std::uint64_t ticks) noexcept {
  constexpr std::uint8_t tokens_between = 31;
  until_measured_[static_cast<std::size_t>(token.tags.weight)] = ticks == 0 ? 1 : tokens_between;
  if (ticks != 0) lanes_[runtime_.lane_of(token)]->ran(token.tags.weight, ticks);
}

/// Killed means that it left by stop_unwind, or never began: what for is in its request, or its outer token's.
token_state core::true_end(node& token, token_state how) noexcept {
  if (how != token_state::killed) return how;
  if (!token.request.made()) {
    // It was stopped because everything is, because its deadline passed, or because the one that waits for it was.
    const bool late = token.dated && now() >= detail::deadline_of(token);
    const node* const outer = running();
    const auto reason = cancelling() ? runtime_.reason_stopped : outer != nullptr ? outer->request.reason() : 0;
    token.request.make(token.id(), late ? detail::stop_cause::late : detail::stop_cause::killed, late ? 0 : reason);
  }
  return token.request.made_late() ? token_state::timeout : token_state::killed;
}

void core::end(node& token, token_state how) noexcept {
  if (token.permit == node::held) tier_of(runtime_, token).release();
  // Before finish(): who has seen the token end finds it counted.
  if (how != token_state::completed) [[unlikely]]
    how = true_end(token, how);
  counted(token).count(how);
  if (token.timed || token.watched) [[unlikely]]
    end_marked(token, how);
  if ((token.domain != anchors::conductor::none || token.tags.anchored) && !leaves_own_domain(token)) [[unlikely]]
    left_by_end(token);
  token.finish(how);
}

/// What others want to know of its end, before anybody can see it.
void core::end_marked(const node& token, token_state how) noexcept {
  if (token.timed) {
    const auto& extra = token.extra();
    const auto since = [](std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; };
    const std::uint64_t created = extra.created, started = extra.started;
    const bool ran = started != 0;
    const std::uint64_t ended = ran ? extra.ended.load(std::memory_order_relaxed) : detail::ticks();
    recent_.add({.token = token.id(),
                 .queue_wait = since(created, ran ? started : ended),
                 .run_time = ran ? since(started, ended) : 0,
                 .ended = ended,
                 .operation = token.operation,
                 .end = how,
                 .worker = current_worker_->number});
  }
  detail::tell(token, token_state::executing, how);
}

}  // namespace tokengate::lanes
