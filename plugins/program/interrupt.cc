#include <atomic>
#include <csignal>

#include <tokengate/plugins/program/interrupt.h>

namespace tokengate::program {
namespace {

// Relaxed: the number is all that is passed on.
constinit std::atomic<int> caught{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may store it");

extern "C" void note_interrupt(int signal) { caught.store(signal, std::memory_order_relaxed); }

}  // namespace

void catch_interrupts() noexcept {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int caught_interrupt() noexcept { return caught.load(std::memory_order_relaxed); }

}  // namespace tokengate::program
