#include <algorithm>
#include <cstdio>

#include <tokengate/core/operation_table.h>
#include <tokengate/core/waiter.h>
#include <tokengate/lanes/trace.h>

namespace tokengate::lanes {
namespace {

const char* words_for(trace_event event) noexcept {
  switch (event) {
    case trace_event::submitted:
      return "submitted";
    case trace_event::spawned:
      return "spawned";
    case trace_event::begun:
      return "begun";
    case trace_event::ended:
      return "ended";
    case trace_event::in_place:
      return "run in place by its waiter";
    case trace_event::not_placed:
      return "not run in place";
    case trace_event::waits:
      return "waits";
    case trace_event::goes_on:
      return "goes on";
    case trace_event::yields:
      return "yields";
    case trace_event::switched:
      return "lets other cores run";
    case trace_event::time:
      return "nothing to do until now";
    case trace_event::limited:
      return "busy workers from now on, at most: ";
    case trace_event::stuck:
      return "nothing can happen any more";
  }
  return "?";
}

const char* words_for_detail(const trace::entry& of) noexcept {
  if (of.event == trace_event::goes_on) {
    switch (static_cast<detail::wake_reason>(of.detail)) {
      case detail::wake_reason::notified:
        return "";
      case detail::wake_reason::timed_out:
        return ": timed out";
      case detail::wake_reason::cancelled:
        return ": cancelled";
    }
  }
  if (of.event != trace_event::waits) return "";
  switch (static_cast<detail::wait_kind>(of.detail)) {
    case detail::wait_kind::other:
      return "";
    case detail::wait_kind::token:
      return " for a token";
    case detail::wait_kind::all_tokens:
      return " for tokens";
    case detail::wait_kind::any_token:
      return " for any of some tokens";
    case detail::wait_kind::sleep:
      return ": sleeps";
    case detail::wait_kind::io:
      return " for a file";
    case detail::wait_kind::storage_permit:
      return " for a storage permit";
    case detail::wait_kind::lock:
      return " for a lock";
  }
  return "";
}

}  // namespace

// FNV-1a (Fowler, Noll, Vo) over words instead of bytes, with the high half folded back, which it would not reach.
void trace::mix(std::uint64_t value) noexcept {
  hash_ = (hash_ ^ value) * 0x100000001b3;
  hash_ ^= hash_ >> 32;
}

void trace::add(const entry& next) {
  mix(static_cast<std::uint64_t>(next.time.count()));
  mix(std::uint64_t{next.token} << 32 | std::uint64_t{next.core} << 16 | static_cast<std::uint64_t>(next.event) << 8 |
      next.detail);
  if (last_.size() < most_)
    last_.push_back(next);
  else
    last_[count_ % most_] = next;
  ++count_;
}

std::string trace::text(std::size_t most) const {
  const std::uint64_t shown = std::min<std::uint64_t>(most, last_.size());
  std::string all;
  for (std::uint64_t i = count_ - shown; i < count_; ++i) {
    const entry& each = last_[i % most_];
    char line[160];
    std::snprintf(line, sizeof line, "%14.3f us  core %-3u ", static_cast<double>(each.time.count()) / 1000, each.core);
    all += line;
    if (each.token != 0)
      all += "token " + std::to_string(each.token) + " of '" + std::string(operation_name(each.operation)) + "' ";
    all.append(words_for(each.event)).append(words_for_detail(each));
    if (each.event == trace_event::limited) all += std::to_string(each.detail);
    all += '\n';
  }
  return all;
}

}  // namespace tokengate::lanes
