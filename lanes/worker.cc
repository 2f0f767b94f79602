#include <cstdio>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <tokengate/core/spin_pause.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/worker.h>

namespace tokengate::lanes {

using context = fiber_scheduler::context;

void core::run() {
  char name[16];
  std::snprintf(name, sizeof name, "tokengate/%u", index_);
  ::pthread_setname_np(::pthread_self(), name);
  thread_id_.store(::gettid(), std::memory_order_relaxed);
  make_current(this);
  exceptions_ = &exception_globals::of_thread();
  context::active()->get_scheduler()->set_algo(scheduler_);
  main_ = context::active();
  const scheduler_kept until_the_end;
  // Everything happens on other fibers; idle() resumes this one when the last worker has ended.
  scheduler_->switch_away(*main_);
  stacks_.trim();
  make_current(nullptr);
}

void core::make_worker() {
  // Room for all numbers, so that a worker can give its own back without fail.
  if (free_numbers_.empty() && free_numbers_.capacity() <= numbers_given_)
    free_numbers_.reserve(2 * numbers_given_ + 8);
  const unsigned number = free_numbers_.empty() ? numbers_given_ : free_numbers_.back();
  boost::fibers::fiber fiber(boost::fibers::launch::post, std::allocator_arg, stack_allocator(stacks()),
                             [this, number] { work(number); });
  fiber.detach();
  if (number == numbers_given_)
    ++numbers_given_;
  else
    free_numbers_.pop_back();
  ++workers_;
  ++active_;  // from now on, so that nobody makes another one before it first runs
  detail::add_relaxed(counters_.workers_made);
}

/// As next(), but looks a little longer: who makes tokens one after the other may be just behind, and the way to the
/// search and back costs more than one of them.
detail::node* core::next_patiently() noexcept {
  constexpr int looks = 16;
  for (int look = 0;; ++look) {
    if (detail::node* const token = next()) return token;
    if (look == looks || scheduler_->has_ready_fibers() || scheduler_->outside_pending()) return nullptr;
    detail::spin_pause();
  }
}

void core::work(unsigned number) noexcept {
  const auto* const top = static_cast<const std::byte*>(__builtin_frame_address(0));
  worker self{context::active(), top - runtime_.settings.stack_size / 2, number};
  self.enter(all_workers_);
  current_worker_ = &self;
  constexpr unsigned idle_kept = 64;
  for (unsigned in_vain = 0;; ++in_vain) {
    if (detail::node* const token = next_patiently()) {
      in_vain = 0;
      if (came_from_idling_) [[unlikely]]
        pass_it_on();
      execute(*token);
      between_tokens(self);
    } else if (runtime_.finished.load(std::memory_order_acquire) || idle_ >= idle_kept) {
      break;
    } else {
      if (in_vain > 1) {
        // There seems to be work that is not to be had yet: whoever is just queueing it may need this processor.
        poll();
        ::sched_yield();
      }
      rest(self);
    }
  }
  self.leave();
  free_numbers_.push_back(number);
  --workers_;
  --active_;
  current_worker_ = nullptr;
  scheduler_->worker_ended();
}

/// Leaves the rotation until the scheduler takes this worker again.
void core::rest(worker& self) noexcept {
  self.next_idle = idle_workers_;
  idle_workers_ = &self;
  ++idle_;
  --active_;
  scheduler_->switch_away(*self.context);
  current_worker_ = &self;
}

context* core::idle_worker_for_work() noexcept {
  worker* const chosen = idle_workers_;
  if (chosen == nullptr) return nullptr;
  const bool needed = (has_room() && has_work()) || runtime_.finished.load(std::memory_order_relaxed);
  if (!needed) return nullptr;
  idle_workers_ = chosen->next_idle;
  --idle_;
  ++active_;
  return chosen->context;
}

void core::between_tokens(worker& self) noexcept {
  constexpr std::uint32_t tokens_between_polls = 8;
  if (++turn_ % tokens_between_polls == 0) poll();
  scheduler_->take_outside();
  if (!scheduler_->has_ready_fibers()) return;
  // Resumed fibers and fresh tokens take turns: each ready fiber once, then the next fresh token. A fiber that comes
  // back from a wait and ends its token goes on as a worker only as far as there may be workers.
  if (active_ > worker_limit()) {
    note_full();
    return rest(self);
  }
  scheduler_->yield(*self.context);
  current_worker_ = &self;
}

}  // namespace tokengate::lanes
