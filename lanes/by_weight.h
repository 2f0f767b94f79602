// Routing that most policies can use: by the weight of the token, else in turn.
#pragma once

#include <array>
#include <cstddef>

#include <tokengate/core/node.h>
#include <tokengate/core/tags.h>
#include <tokengate/lanes/lane.h>

namespace tokengate::lanes {

/// Origins' preference without its counters: a thread's heavy tokens start at the first core, its medium ones at the
/// second, its light ones at the third, each weight going round from there. Nothing is shared between threads.
class by_weight {
 public:
  explicit by_weight(const lane_setup& setup) noexcept : cores_(setup.cores), repeatable_(setup.repeatable) {}

  destination route(const detail::node& token) noexcept {
    static thread_local constinit positions of_thread{};
    const weight what = token.tags.weight;
    unsigned& position = (repeatable_ ? own_ : of_thread)[static_cast<std::size_t>(what)];
    const unsigned first = what == weight::heavy ? 0 : what == weight::medium ? 1 : 2;
    return {(first + position++) % cores_, no_slot};
  }

 private:
  using positions = std::array<unsigned, 3>;

  const unsigned cores_;
  const bool repeatable_;
  positions own_{};  // of the one thread there is when things must be repeatable
};

}  // namespace tokengate::lanes
