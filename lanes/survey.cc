#include <utility>

#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/survey.h>

namespace tokengate::lanes {

surveyor::surveyor(runtime& of) : runtime_(of), desks_(of.cores.size()) {}

std::vector<core_view> surveyor::take(std::chrono::nanoseconds patience) {
  const std::scoped_lock alone(one_at_a_time_);
  std::vector<core_view> views(desks_.size());
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return views;
    missing_ = desks_.size();
    ++number_;
    for (desk& each : desks_) {
      each.wanted = number_;
      each.view = {};
    }
  }
  for (unsigned i = 0; i < desks_.size(); ++i) ask(i);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return missing_ == 0 || closed_; });
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    desks_[i].wanted = 0;
    views[i] = std::exchange(desks_[i].view, {});
  }
  return views;
}

void surveyor::sentence(unsigned core, verdict what) {
  {
    const std::scoped_lock lock(mutex_);
    desks_[core].verdicts.push_back(std::move(what));
  }
  ask(core);
}

void surveyor::ask(unsigned core) noexcept {
  runtime_.cores[core]->set_modes(mode_surveyed);
  detail::light_fence();  // with the heavy one in core::sleep()
  runtime_.cores[core]->wake();
}

void surveyor::close() noexcept {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::uint64_t surveyor::begin_answer(unsigned core, std::vector<verdict>& verdicts) noexcept {
  desk& own = desks_[core];
  own.answers.fetch_add(1, std::memory_order_relaxed);
  const std::scoped_lock lock(mutex_);
  verdicts = std::exchange(own.verdicts, {});
  return own.wanted;
}

void surveyor::hand_in(unsigned core, std::uint64_t number, core_view view) noexcept {
  const std::scoped_lock lock(mutex_);
  desk& own = desks_[core];
  if (own.wanted != number) return;
  own.wanted = 0;
  own.view = std::move(view);
  if (--missing_ == 0) changed_.notify_all();
}

std::string_view to_string(detail::wait_kind kind) noexcept {
  using enum detail::wait_kind;
  switch (kind) {
    case token:
      return "a token";
    case all_tokens:
      return "all of several tokens";
    case any_token:
      return "any of several tokens";
    case sleep:
      return "the end of its sleep";
    case io:
      return "input or output";
    case storage_permit:
      return "a storage permit";
    case lock:
      return "a lock";
    case other:
      break;
  }
  return "something else";
}

}  // namespace tokengate::lanes
