// Lets threads run into each other again and again.
#pragma once

#include <barrier>
#include <cstddef>
#include <thread>
#include <vector>

namespace tokengate::testing {

/// Calls each party `rounds` times on a thread of its own, as party(round); all of them start every round together.
template <class... Party>
void race(int rounds, Party... parties) {
  std::barrier start(static_cast<std::ptrdiff_t>(sizeof...(Party)));
  const auto run = [&start, rounds](auto& party) {
    for (int round = 0; round < rounds; ++round) {
      start.arrive_and_wait();
      party(round);
    }
  };
  std::vector<std::jthread> threads;
  (threads.emplace_back([&run, &parties] { run(parties); }), ...);
}

/// Calls `party(index)` on `count` threads that start together.
template <class Party>
void together(int count, Party party) {
  std::barrier start(count);
  std::vector<std::jthread> threads;
  for (int index = 0; index < count; ++index)
    threads.emplace_back([&start, &party, index] {
      start.arrive_and_wait();
      party(index);
    });
}

}  // namespace tokengate::testing
