// What a core does for a survey: it sentences who is to be sentenced, and writes down what its fibers do.
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/warden.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using detail::wait_kind;
using detail::waiter;

void core::answer_survey() noexcept {
  surveyor& taker = runtime_.watch->survey();
  std::vector<verdict> verdicts;
  const std::uint64_t number = taker.begin_answer(index_, verdicts);
  for (verdict& each : verdicts) execute_verdict(each);
  if (number == 0) return;
  const auto begun = waiter::clock::now();
  core_view view;
  try {
    for (const worker* each = all_workers_; each != nullptr; each = each->next) describe(*each, view);
    strands_.for_each([&view](const detail::node& waiting, const detail::node& holder) {
      if (!waiting.terminal()) view.in_strands.push_back({{waiting.id(), waiting.operation}, holder.id()});
    });
    view.answered = true;
  } catch (const std::bad_alloc&) {
    view = {};  // as if it had not answered in time
  }
  view.took = waiter::clock::now() - begun;
  taker.hand_in(index_, number, std::move(view));
}

void core::describe(const worker& self, core_view& view) const {
  const bool here = &self == current_worker_;
  const frame* const top = here ? frame_ : self.top;
  if (top == nullptr) return;  // between two tokens
  seen_fiber made{};
  made.first_token = static_cast<std::uint32_t>(view.tokens.size());
  made.first_awaited = static_cast<std::uint32_t>(view.awaited.size());
  for (const frame* each = top; each != nullptr; each = each->outer)
    view.tokens.push_back({each->token->id(), each->token->operation});
  made.tokens = static_cast<std::uint32_t>(view.tokens.size()) - made.first_token;
  made.state = here ? fiber_state::running : fiber_state::ready;
  if (const waiter* const party = self.parked; !here && party != nullptr && !party->decided()) {
    made.state = fiber_state::suspended;
    made.kind = party->kind;
    made.timed = party->timer_hook.is_linked();
    made.shielded = party->shielded;
    made.serial = party->serial;
    // The awaited nodes are there: who waits holds their handles.
    if (party->kind == wait_kind::lock) {
      if (const std::uint64_t owner = party->owner->load(std::memory_order_relaxed)) view.awaited.push_back(owner);
    } else {
      for (std::uint32_t i = 0; i < party->awaited_count; ++i) view.awaited.push_back(party->awaited[i]->id());
    }
  }
  made.awaited = static_cast<std::uint32_t>(view.awaited.size()) - made.first_awaited;
  view.fibers.push_back(made);
}

void core::execute_verdict(verdict& what) noexcept {
  for (worker* each = all_workers_; each != nullptr; each = each->next) {
    waiter* const party = each->parked;
    if (each == current_worker_ || party == nullptr || party->serial != what.serial || party->decided()) continue;
    if (each->top == nullptr || each->top->token->id() != what.token) continue;
    party->deadlock = what.text.get();
    // decide() tells who makes the fiber ready: it may have been decided by somebody else meanwhile.
    if (party->decide(detail::wake_reason::cancelled)) {
      what.text.release();  // now its own (await.cc)
      scheduler_->awakened(each->context);
    } else {
      party->deadlock = nullptr;
    }
    return;
  }
}

}  // namespace tokengate::lanes
