// Lets threads run into each other again and again.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <tokengate/core/spin_pause.h>

namespace tokengate::testing {

/// Where threads meet so that they leave it within some nanoseconds of each other, as far as there are processors for
/// them: a barrier of the standard library lets one sleep while the other has long gone on.
class meeting_point {
 public:
  explicit meeting_point(std::size_t parties) noexcept : parties_(parties) {}

  void arrive_and_wait() noexcept {
    const auto mine = arrived_.fetch_add(1, std::memory_order_acq_rel);
    const auto all = (mine / parties_ + 1) * parties_;
    for (int spin = 0; arrived_.load(std::memory_order_acquire) < all; ++spin) {
      if (spin < 1000)
        detail::spin_pause();
      else
        std::this_thread::yield();
    }
  }

 private:
  const std::size_t parties_;
  alignas(64) std::atomic<std::size_t> arrived_{0};
};

/// Calls each party `rounds` times on a thread of its own, as party(round); all of them start every round together, now
/// the one and now the other a little later.
template <class... Party>
void race(int rounds, Party... parties) {
  meeting_point start(sizeof...(Party));
  const auto run = [&start, rounds](auto& party, int index) {
    for (int round = 0; round < rounds; ++round) {
      start.arrive_and_wait();
      for (int delay = (round >> 4 * index) % 16; delay > 0; --delay)
        std::atomic_signal_fence(std::memory_order_seq_cst);
      party(round);
    }
  };
  int index = 0;
  std::vector<std::jthread> threads;
  (threads.emplace_back([&run, &parties, index = index++] { run(parties, index); }), ...);
}

/// Calls `party(index)` on `count` threads that start together.
template <class Party>
void together(int count, Party party) {
  meeting_point start(static_cast<std::size_t>(count));
  std::vector<std::jthread> threads;
  for (int index = 0; index < count; ++index)
    threads.emplace_back([&start, &party, index] {
      start.arrive_and_wait();
      party(index);
    });
}

}  // namespace tokengate::testing
