// Storage permits: got before a token runs, given back while it waits, taken again ahead of newcomers.
#include <new>
#include <utility>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/clock.h>
#include <tokengate/core/kill.h>
#include <tokengate/lanes/permit_wait.h>

namespace tokengate::lanes {

using detail::node;

/// The permit comes before the claim, so that a token that has to wait for it holds no worker.
bool core::claim_with_permit(node& token) noexcept {
  io::storage_tier& tier = tier_of(runtime_, token);
  if (tier.try_acquire()) return claim_permitted(token);
  auto* const request = new (std::nothrow) permit_wait;
  if (request == nullptr) {  // no memory to queue the token: this worker waits for the permit itself
    stop_taking();
    acquire_here(tier, false);
    return claim_granted(token, start_taking());
  }
  request->token = &token;
  request->home = this;
  request->since = detail::ticks();
  request->granted = [](io::permit_request& granted) noexcept {
    auto& mine = static_cast<permit_wait&>(granted);
    mine.home->resubmit(mine);
  };
  request->enter(permit_waits_);
  if (!tier.acquire(*request)) return false;
  request->leave();
  delete request;
  return claim_permitted(token);
}

/// Waits with the fiber that runs now. False: the token is to stop, and has no permit.
bool core::acquire_here(io::storage_tier& tier, bool returning) noexcept {
  struct request_here : io::permit_request {
    detail::waiter party;
  } request;
  request.party.waits_for(detail::wait_kind::storage_permit);
  request.granted = [](io::permit_request& granted) noexcept { static_cast<request_here&>(granted).party.notify(); };
  if (returning ? tier.acquire_again(request) : tier.acquire(request)) return true;
  if (request.party.wait() == detail::wake_reason::notified) return true;
  if (tier.withdraw(request)) return false;
  request.party.settle(1);
  return true;  // granted in the last instant
}

bool core::claim_permitted(node& token) noexcept {
  io::storage_tier& tier = tier_of(runtime_, token);
  if (claim_queued(token)) {
    token.permit = node::held;
    return true;
  }
  tier.release();  // its waiter ran it meanwhile, with a permit of its own
  return false;
}

/// It had to wait for its permit: meanwhile there may be a pause, or an end of everything.
bool core::claim_granted(node& token, std::uint32_t modes) noexcept {
  const bool cancelling = (modes & mode_cancelling) != 0, exclusive = token.tags.exclusive;
  if (!cancelling && !(exclusive ? held_back_in_turn(token, modes) : held_back(token, modes)))
    return claim_permitted(token);
  tier_of(runtime_, token).release();
  if (cancelling) {
    if (exclusive) strands_.leave(token);
    kill(token, token_state::killed);
  }
  return false;
}

void core::resubmit(permit_wait& granted) noexcept {
  handing_over_.fetch_add(1, std::memory_order_relaxed);
  granted.next_granted = resubmitted_.load(std::memory_order_relaxed);
  // Release: the request and its token come with the pointer that next_granted() acquires.
  while (!resubmitted_.compare_exchange_weak(granted.next_granted, &granted, std::memory_order_release,
                                             std::memory_order_relaxed)) {
  }
  detail::light_fence();  // pairs with the heavy fence in sleep()
  wake();
  handing_over_.fetch_sub(1, std::memory_order_release);
}

/// The next token that got its permit, claimed, or null.
node* core::next_granted(std::uint32_t& modes) noexcept {
  for (;;) {
    if (granted_ == nullptr && resubmitted_.load(std::memory_order_relaxed) != nullptr) {
      permit_wait* newest = resubmitted_.exchange(nullptr, std::memory_order_acquire);
      while (newest != nullptr) newest = std::exchange(newest->next_granted, std::exchange(granted_, newest));
    }
    if (granted_ == nullptr) return nullptr;
    permit_wait* const first = std::exchange(granted_, granted_->next_granted);
    first->leave();
    node& token = *first->token;
    auto& counters = counted(token);
    detail::add_relaxed(counters.storage_waits);
    counters.storage_wait.add(detail::ticks() - first->since);
    delete first;
    if (claim_granted(token, modes)) return &token;
    modes = start_taking();  // as in next()
  }
}

void core::give_back() noexcept {
  node* const token = running();
  if (token == nullptr || token->permit != node::held) return;
  token->permit = node::given_back;
  tier_of(runtime_, *token).release();
}

/// A token that is to stop goes on without: its next suspension point ends it.
void core::retake() noexcept {
  node* const token = running();
  if (token == nullptr || token->permit != node::given_back) return;
  token->permit = !detail::must_stop() && acquire_here(tier_of(runtime_, *token), true) ? node::held : node::none;
}

}  // namespace tokengate::lanes
