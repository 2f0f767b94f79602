// How a coordinator is set up.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <tokengate/io/backend.h>
#include <tokengate/io/storage_limits.h>

namespace tokengate {

/// Whose times are taken. Counters are exact in any case.
enum class timing : std::uint8_t {
  sampled,  ///< one token in 64: percentiles at a cost below a nanosecond a token
  exact     ///< every token: about 40 ns a token
};

/// Runs a coordinator as a simulation: see docs/simulation.md.
struct simulation_options {
  std::uint64_t seed = 0;
  unsigned cores = 4;                       ///< simulated ones; options::cores and pin do not count
  bool switch_at_calls = true;              ///< other cores may also run first where a token calls another operation
  std::size_t trace_events = 4096;          ///< of the end, that coordinator::trace() can show
  std::chrono::milliseconds patience{100};  ///< real time without anything to do until all waits of threads are ended
};

/// All have sensible defaults; a bad value makes the coordinator's constructor throw misuse, naming it.
struct options {
  unsigned cores = 0;    ///< 0: what the affinity mask and the cgroup quota allow; more than that shares cores
  unsigned workers = 4;  ///< per core: tokens that are started and do not wait, at most, unless convergence wants more
  std::string lane{};    ///< for tokens that name none; empty: the default of the program's lane set
  std::size_t mailbox_capacity = 0;  ///< admitted tokens per mailbox; 0: what the lane thinks best (docs/lanes.md)
  std::size_t max_waiting = std::size_t{1} << 24;  ///< tokens that wait for admission, all lanes together
  std::size_t max_suspended = 100'000;             ///< per core; beyond it children run in place when they are spawned
  bool strict_calls = false;  ///< a lead that calls what its external_calls do not name gets undeclared_call
  std::size_t stack_size = std::size_t{256} << 10;  ///< bytes of a worker's stack; only what is touched takes memory
  bool pin = true;                                  ///< one core of the machine per core thread, if there are enough
  tokengate::timing timing = timing::sampled;
  std::chrono::nanoseconds drain_for =
      std::chrono::hours(24);  ///< how long stop() and destruction wait before they cancel
  std::chrono::nanoseconds cancel_for =
      std::chrono::seconds(10);  ///< how long they wait then, before they give up what does not stop
  io::storage_limits storage{};  ///< tokens of each storage tier that run at once, all cores together
  io::backend io_backend = io::backend::automatic;
  std::chrono::nanoseconds stall_after =
      std::chrono::seconds(1);  ///< a token that holds its core for longer is reported (stall.h); 0: none is
  std::chrono::nanoseconds watch_every =
      std::chrono::seconds(1);  ///< how often, at most, deadlocks are looked for (docs/debugging.md); at least 1 ms
  bool convergence = true;      ///< fits `workers` of each core to its load (docs/scheduler.md); false: they stay
  unsigned min_workers = 0;     ///< the lower bound of that; 0: `workers`
  unsigned max_workers = 0;     ///< the upper bound; 0: four times `workers`
  std::chrono::nanoseconds converge_every = std::chrono::seconds(1);  ///< length of its windows; at least 1 ms
  std::chrono::nanoseconds converge_wait =
      std::chrono::milliseconds(100);              ///< tokens that are queued for longer want more workers; above 0
  std::optional<simulation_options> simulation{};  ///< none: real cores
};

}  // namespace tokengate
