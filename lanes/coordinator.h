// Owns a running system: its cores from start() to stop().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <tokengate/core/observe.h>
#include <tokengate/core/place.h>
#include <tokengate/core/tags.h>
#include <tokengate/core/token_status.h>
#include <tokengate/core/topology.h>
#include <tokengate/io/storage_tier_statistics.h>
#include <tokengate/lanes/anchor_status.h>
#include <tokengate/lanes/convergence.h>
#include <tokengate/lanes/fiber_status.h>
#include <tokengate/lanes/options.h>
#include <tokengate/lanes/recent.h>

namespace tokengate {

namespace lanes {
class entrance;
class runtime;
}  // namespace lanes

/// How long something took, over many tokens. Percentiles read from a histogram are up to 12.5 % too high; all are of
/// the tokens whose times were taken (options::timing).
struct latency {
  std::chrono::nanoseconds p50{0}, p99{0}, max{0};
};

/// What became of the tokens of one operation. Counts are exact: a token that get() returned from is in them.
struct operation_statistics {
  std::string_view name;            ///< "submit" for the tokens of submit()
  std::uint64_t tokens = 0;         ///< ended, however
  std::uint64_t failures = 0;       ///< of those, by an exception
  std::uint64_t killed = 0;         ///< of those, killed
  std::uint64_t timeouts = 0;       ///< of those, because their deadline had passed
  std::uint64_t storage_waits = 0;  ///< that had to wait for their storage permit
  latency queue_wait, run_time, storage_wait;
  std::vector<std::uint64_t> tokens_per_core;
  std::uint64_t undeclared = 0;                    ///< of a lead: calls of what its external_calls do not name
  std::vector<std::string_view> undeclared_calls;  ///< the operations that were called so
};

/// What one core did.
struct core_statistics {
  std::uint64_t spawned = 0, finished = 0, stolen = 0, ran_inline = 0, inline_refused = 0, suspensions = 0,
                cancelled_waits = 0, held_back = 0, workers_made = 0, sleeps = 0;
  std::uint64_t for_other_domains = 0;    ///< tokens that ended here, of leads that run on other cores
  std::uint64_t in_strand = 0;            ///< tokens that waited for an exclusive anchor
  std::size_t waiting = 0, admitted = 0;  ///< at its gate and in its mailboxes now
};

struct stop_report {
  std::uint64_t killed = 0;             ///< tokens that did not end by themselves in time
  std::vector<token_status> abandoned;  ///< that did not end when they were asked to, either
};

/// start, stop and destruction belong to one thread at a time, outside of tokens; everything else may be called by any.
class coordinator {
 public:
  /// Checks the options (misuse) but starts nothing.
  explicit coordinator(const options& wanted = {});
  coordinator(const coordinator&) = delete;
  coordinator& operator=(const coordinator&) = delete;
  /// Stops. Threads that are just submitting are refused or get token_killed. Not inside a token.
  ~coordinator();

  /// Starts the cores; from now on operations called outside tokens come here. Throws misuse when it runs already,
  /// std::system_error when the machine gives no threads. May be called again after stop().
  void start();

  /// Takes nothing more from outside (coordinator_stopped), lets tokens and their children end for options::drain_for
  /// or `drain_for`, then kills those that are queued and unwinds those that wait; returns when all have ended. A token
  /// that computes without waiting is let finish. Does nothing when not running. Throws misuse inside a token.
  stop_report stop();
  stop_report stop(std::chrono::nanoseconds drain_for);

  [[nodiscard]] bool running() const noexcept;
  /// Of the present or last run; before the first, what start() would use.
  [[nodiscard]] unsigned cores() const noexcept;

  /// Of the present or last run; the operations of all closed registries in their order, then submit() if it was used.
  [[nodiscard]] std::vector<operation_statistics> statistics() const;
  [[nodiscard]] std::vector<core_statistics> statistics_of_cores() const;

  /// The domains with tokens that have not ended, oldest first, and the keys of sticky anchors, by anchor and key. Of
  /// the present run; empty when not running. Any thread; each row as it is at one instant.
  [[nodiscard]] std::vector<domain_status> domains() const;
  [[nodiscard]] std::vector<pin_status> pins() const;

  // Life-cycle control. Any thread; misuse when never started, or for the name of no operation. Operations are meant by
  // name; those of several registries that share it are all meant. "submit" stands for callables without one.

  /// Ends queued tokens, asks those that run to stop (token::kill). False, or the number: what was not over or asked
  /// yet.
  bool kill(std::uint64_t token, std::string_view reason = "killed");
  std::size_t kill_operation(std::string_view operation, std::string_view reason = "killed");
  std::size_t kill_all(std::string_view reason = "killed");

  /// From its return on no token that came from outside is begun; what runs goes on, with its children. New ones wait
  /// at the gate, in order. resume() lets them in, in that order. stop() ends all pauses, and there are none while it
  /// drains. Not inside a token.
  void pause();
  void resume();
  /// The same for the tokens of one operation, also for those that tokens make: whoever waits for them waits on.
  void pause(std::string_view operation);
  void resume(std::string_view operation);
  /// Kills what waits for admission (token_state::waiting), and returns how many.
  std::size_t drain();
  std::size_t drain(std::string_view operation);

  /// At most `most` tokens that have not ended, in no order. Takes a few nanoseconds for each that ever was at the same
  /// time.
  [[nodiscard]] std::vector<token_status> tokens(std::size_t most = 1000) const;

  /// The last tokens that ended, of those whose times are taken (options::timing), newest first; at least the last
  /// hundred are remembered. What cores overwrite while this reads is left out.
  [[nodiscard]] std::vector<recent_execution> recent(std::size_t most = 50) const;

  /// From its return on `observer` is called with every change of the tokens that are made here, until the observation
  /// ends or the coordinator does; of older tokens it may hear something, too. It is called by the thread that makes
  /// the change, right then, inside of the core's or the caller's work: it must be quick, must not block, wait or make
  /// tokens, and no call of it may pause or stop the coordinator; statistics(), recent(), tokens() and kill() are fine.
  /// Calls come from several threads at once. Those for one token come in order, except that of two threads which
  /// change it one right after the other (a kill at the gate) the first may come second: `from` and `to` tell. When
  /// wait() or get() returns for a token, the observer has heard of its end, if it was begun. An exception counts as a
  /// failure of the observer and goes no further.
  ///
  /// Every change that is told costs about 100 ns more; without observers a bit of the node is looked at.
  [[nodiscard]] observation observe(std::function<void(const state_change&)> observer);

  /// What the fibers with tokens do and wait for, by core. Each core writes its own down between two tokens; for one
  /// that does not within `patience` there is a row with fiber_state::busy. Blocks for so long at most; not inside a
  /// token. Empty when not running.
  [[nodiscard]] std::vector<fiber_status> fibers(
      std::chrono::nanoseconds patience = std::chrono::milliseconds(100)) const;

  /// Looks for cycles of waits now, rather than within options::watch_every, and has the youngest waiter of each throw
  /// deadlock_detected. Returns the cycles in words. Blocks for up to a second while a core is busy with one token; not
  /// inside a token.
  std::vector<std::string> break_deadlocks();

  /// How many workers of each core may be busy, why, and what the last windows were (convergence.h), by core. Of the
  /// present or last run; empty before the first. Any thread, also inside a token; takes no core's time.
  [[nodiscard]] std::vector<convergence_status> convergence() const;

  /// Changes how many tokens of a tier may run at once; those that run keep their permits. Throws misuse for 0 and when
  /// not running.
  void set_storage_limit(storage_speed tier, unsigned limit);
  [[nodiscard]] io::storage_tier_statistics statistics_of(storage_speed tier) const;

  /// Of a simulation (options::simulation), so far: a number that tells one course of events from another, and its last
  /// `most` events, a line each. Misuse for real cores, and inside a token.
  [[nodiscard]] std::uint64_t trace_fingerprint() const;
  [[nodiscard]] std::string trace(std::size_t most = 100) const;

  /// Names a coordinator for the operations that this thread calls outside tokens, while the scope lives; the
  /// coordinator must outlive it, and may be stopped and started meanwhile.
  class [[nodiscard]] scope {
   public:
    explicit scope(coordinator& meant) noexcept;
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope();

   private:
    detail::place* previous_;
  };

 private:
  void give_up_inside_a_token() noexcept;
  /// fork() copies no threads, so there are no cores.
  [[nodiscard]] bool in_forked_process() const noexcept;
  std::shared_ptr<lanes::runtime> latest() const;
  std::shared_ptr<lanes::runtime> started() const;

  const options options_;
  unsigned core_count_;
  std::vector<unsigned> processors_;
  const std::unique_ptr<lanes::entrance> entrance_;
  mutable std::mutex mutex_;
  std::shared_ptr<lanes::runtime> runtime_;  // of the present run, or the last one; guarded by mutex_
  pid_t process_ = 0;                        // that runs it, or did
  std::atomic<bool> running_{false};         // written by start() and stop(); relaxed: a snapshot for others
};

}  // namespace tokengate
