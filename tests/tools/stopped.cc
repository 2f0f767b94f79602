// A program for the debugger: it stops itself when its tokens stand as the test of tools/tokengate-gdb.py expects them.
#include <csignal>
#include <cstdio>
#include <thread>

#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tokengate.h>

using namespace tokengate;
using namespace std::chrono_literals;

static testing::gate held;

[[gnu::noinline]] static void deep_in_an_operation() {
  held.pass();
  asm volatile("");  // or it would be a jump, which leaves no trace
}

TOKENGATE_OPERATION(int, wait_at_the_gate, (int n)) {
  deep_in_an_operation();
  return n;
}
TOKENGATE_OPERATION(int, wait_for_another, (token<int> other)) { return other.get() + 1; }
TOKENGATE_OPERATION(void, sleep_long, ()) { this_token::sleep_for(24h); }
TOKENGATE_APPLICATION(stopped);

int main() {
  options wanted;
  wanted.cores = 2;
  coordinator cores(wanted);
  cores.start();
  auto inner = wait_at_the_gate(1);
  while (held.waiting() != 1) std::this_thread::yield();
  auto outer = wait_for_another(std::move(inner));
  auto sleeper = sleep_long();
  for (;;) {
    std::size_t suspended = 0;
    for (const auto& each : cores.fibers()) suspended += each.state == fiber_state::suspended ? 1 : 0;
    if (suspended == 3) break;
    std::this_thread::yield();
  }
  std::raise(SIGTRAP);
  held.open();
  sleeper.kill();
  return outer.get() == 2 ? 0 : 1;
}
