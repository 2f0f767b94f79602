// A program of tokens with one planted bug, or with none: what the sanitizers must report, and what they must not.
//   planted none|race|use_after_free|stale_argument|stale_result|overflow
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/token.h>
#include <tokengate/lanes/coordinator.h>

// The names that a report must show.
namespace planted {

int counter = 0;

[[gnu::noinline]] void count() { ++counter; }
[[gnu::noinline]] int read(const int* argument) { return *argument; }
[[gnu::noinline]] int add(int left, int right) { return left + right; }

}  // namespace planted

namespace {

using tokengate::submit;
using tokengate::token;

constexpr int rounds = 50;

/// Ends when as many have come, which must be on as many cores. Relaxed, so that this orders nothing.
void meet(std::atomic<int>& arrived, int parties) {
  arrived.fetch_add(1, std::memory_order_relaxed);
  while (arrived.load(std::memory_order_relaxed) < parties) std::this_thread::yield();
}

void wait_for(const std::atomic<bool>& event) {
  while (!event.load(std::memory_order_acquire)) std::this_thread::yield();
}

/// Tokens on two cores count, under a lock or not.
void race(bool planted) {
  std::mutex mutex;
  std::atomic<int> arrived{0};
  const auto count = [&] {
    meet(arrived, 2);
    std::unique_lock lock(mutex, std::defer_lock);
    if (!planted) lock.lock();
    planted::count();
  };
  auto first = submit(count), second = submit(count);
  first.get();
  second.get();
}

/// A token reads its argument, waits for another token, by an exception out of which it comes, and reads it again.
void use_after_free(bool planted) {
  auto argument = std::make_unique<int>(1);
  std::atomic<bool> waits{false}, goes_on{false};
  auto reader = submit([&waits, &goes_on, at = argument.get()] {
    int sum = planted::read(at);
    auto other = submit([&] {
      waits.store(true, std::memory_order_release);
      while (!goes_on.load(std::memory_order_acquire)) tokengate::this_token::yield();
      throw std::runtime_error("the usual way of a failed token");
    });
    try {
      other.get();
    } catch (const std::runtime_error&) {
      sum += planted::read(at);
    }
    return sum;
  });
  wait_for(waits);
  if (planted) argument.reset();
  goes_on.store(true, std::memory_order_release);
  reader.get();
}

/// Remembers where it was made: a result is made inside its token.
struct made_somewhere {
  explicit made_somewhere(const int*& place) { place = &value; }
  made_somewhere(const made_somewhere& other) : value(other.value) {}  // hence not returned in a register
  int value = 1;
};

/// Somebody keeps the address of a token's argument, or result, and looks there while the token is there, or later.
void stale(bool planted_argument, bool planted_result) {
  const int *argument = nullptr, *result = nullptr;
  int sum = 0;
  {
    auto made = submit([&argument, &result, value = 1] {
      argument = &value;
      return made_somewhere(result);
    });
    made.wait();
    sum += planted::read(result);
    made.get();
  }
  if (planted_argument) sum += planted::read(argument);
  if (planted_result) sum += planted::read(result);
  [[maybe_unused]] volatile int used = sum;  // or the calls would be left out
}

/// A token that was suspended adds.
void overflow(bool planted) {
  submit([planted] {
    const int most = submit([] { return std::numeric_limits<int>::max(); }).get();
    return planted::add(most, planted ? 1 : 0);
  }).get();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view bug = count == 2 ? arguments[1] : "";
  constexpr std::string_view bugs[] = {"none", "race", "use_after_free", "stale_argument", "stale_result", "overflow"};
  if (std::find(std::begin(bugs), std::end(bugs), bug) == std::end(bugs)) return 2;
  tokengate::coordinator tokens({.cores = 2, .workers = 1});
  tokens.start();
  for (int round = 0; round < rounds; ++round) {
    race(bug == "race");
    use_after_free(bug == "use_after_free");
    stale(bug == "stale_argument", bug == "stale_result");
    overflow(bug == "overflow");
  }
  tokens.stop();
  std::printf("counted to %d\n", planted::counter);
}
