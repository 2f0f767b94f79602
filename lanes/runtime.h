// What the cores of one running coordinator share.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <tokengate/anchors/conductor.h>
#include <tokengate/anchors/declared_calls.h>
#include <tokengate/anchors/sticky_pins.h>
#include <tokengate/core/asymmetric_fence.h>
#include <tokengate/core/token_status.h>
#include <tokengate/io/storage_tiers.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/gate_slots.h>
#include <tokengate/lanes/lane.h>
#include <tokengate/lanes/options.h>
#include <tokengate/lanes/waiting_list.h>

namespace tokengate::lanes {

class converger;
class simulation;
class warden;

/// From start() to the end of stop(). The coordinator makes a new one for every start.
class runtime {
 public:
  runtime(const options& wanted, unsigned core_count, std::uint16_t realm);
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime();
  /// Threads that nobody will wait for need it: it is never destroyed. Needs no memory.
  static void keep_for_ever(const std::shared_ptr<runtime>& run) noexcept {
    if (run != nullptr) run->itself = run;
  }

  /// From a thread that is none of the cores. May block it while the gate is full; throws coordinator_stopped, then the
  /// node is still the caller's.
  void submit(detail::node& token, std::uint64_t id);

  /// The place in linked_lanes() of the policy that serves the token.
  [[nodiscard]] std::size_t lane_of(const detail::node& token) const noexcept {
    return token.tags.lane == 0 ? default_lane_ : token.tags.lane - std::size_t{1};
  }
  /// Of the mailbox of tokens that must run on one core.
  [[nodiscard]] std::size_t pinned_capacity() const noexcept {
    return settings.mailbox_capacity != 0 ? settings.mailbox_capacity : 1024;
  }

  /// Sends an anchored token that was made by a token to the core of its anchor; never refused. Throws bad_alloc.
  void spawn_anchored(detail::node& child, std::uint64_t id);
  /// The token is ended, on this core (or elsewhere), or was not taken: it counts for its pin and its domain no more.
  void left(const detail::node& token, unsigned core) noexcept {
    if (token.tags.anchored) [[unlikely]]
      anchors::sticky_pins::release(*detail::anchored(token).companions);
    if (token.domain != anchors::conductor::none) [[unlikely]]
      domains.leave(token.domain, core);
  }

  /// Called after new work was made visible that any core may take: sees to it that a core that sleeps takes it, unless
  /// one is just looking for work anyway.
  void work_appeared() noexcept {
    detail::light_fence();  // pairs with the heavy fence of a core that goes to sleep
    if (sleeping.load(std::memory_order_relaxed) != 0) [[unlikely]]
      wake_one_if_needed();
  }
  [[gnu::noinline]] void wake_one_if_needed() noexcept {
    if (!somebody_searches()) wake_one();
  }
  void wake_one() noexcept;
  /// So many workers of a core may be busy from now on; its lanes are told. Any thread.
  void limit_workers(unsigned core, unsigned workers) noexcept;
  void wake_all() noexcept;

  /// No token is under way. Certain only once nothing comes from outside any more.
  [[nodiscard]] bool quiescent() const noexcept;

  // control.cc: what tokens may begin, and what shall end. Any thread but the cores' for pause().
  /// Nothing more from outside is begun once this has returned. Nothing is paused once stop() has begun.
  void pause();
  void resume();
  /// Nor tokens of the operation (by number, 0 for submit), wherever they come from.
  void pause_operation(std::uint32_t operation);
  void resume_operation(std::uint32_t operation);
  void resume_all();
  /// Kills what waits for admission (of one operation), and returns how many.
  std::size_t drain(const std::uint32_t* operation);
  [[nodiscard]] bool operation_paused(const detail::node& token) const noexcept;
  /// Has all cores look for stop requests.
  void attend() noexcept;
  /// A token is ended while it is queued, by no core.
  void note_ended_outside(const detail::node& token, token_state end) noexcept;
  /// How many were: killed, and timed out.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> ended_outside(std::size_t operation) const noexcept {
    const auto& counters = ended_outside_[operation];
    return {counters.killed.load(std::memory_order_relaxed), counters.timeouts.load(std::memory_order_relaxed)};
  }

  /// One thread a core, pinned to `processors` if there are enough of them.
  void start_threads(const std::vector<unsigned>& processors);
  /// Takes no more tokens from outside, lifts all pauses, waits until the others have ended or `drain_until` has
  /// passed, then kills what is left and waits for that, too, for settings.cancel_for. Returns those that are
  /// left even then: their threads go on, and the runtime must never be destroyed.
  std::vector<token_status> stop(std::chrono::steady_clock::time_point drain_until);
  /// How many tokens were killed or timed out.
  [[nodiscard]] std::uint64_t killed() const noexcept;

  const options settings;
  const std::uint16_t realm;  ///< of the coordinator's place
  const std::uint32_t reason_stopped;
  const std::unique_ptr<simulation> simulated;  ///< null: the cores are real
  gate_slots slots;
  io::storage_tiers tiers;
  anchors::sticky_pins pins;
  anchors::conductor domains;
  anchors::declared_calls calls;
  std::vector<std::unique_ptr<core>> cores;
  std::unique_ptr<converger> adapts;  ///< always there, as is
  std::unique_ptr<warden> watch;
  std::shared_ptr<runtime> itself;  ///< see keep_for_ever()

  // Counted by cores on their way to sleep and back, read by whoever makes work; see work_appeared() and core::idle().
  alignas(64) std::atomic<int> sleeping{0};
  std::atomic<int> searching{0};
  // Set once, in this order. Release by stop(), acquire (or after a fence) by the readers.
  alignas(64) std::atomic<bool> closed{false};  // nothing from outside any more
  std::atomic<bool> hard_stop{false};           // tokens are to stop; who has seen one killed for it sees this
  std::atomic<bool> finished{false};            // workers and cores end

 private:
  /// True if a core that searches is sure to see what the caller has made visible.
  bool somebody_searches() noexcept {
    if (searching.load(std::memory_order_relaxed) == 0) return false;
    // The core may be about to stop searching. Full fences on both sides, between what we queued and this look, and
    // between its decrement and its last look around (core::search): it sees the work, or we see it gone.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return searching.load(std::memory_order_relaxed) != 0;
  }
  struct outside_counters {
    std::atomic<std::uint64_t> killed{0}, timeouts{0};  // relaxed; release for the sum, see quiescent()
  };

  bool hold_back(detail::node& token);
  void close_lanes() noexcept;
  void open_lanes() noexcept;
  void readmit() noexcept;
  void wait_until_heeded() const noexcept;
  destination route(const detail::node& token) noexcept;
  void use_lane(std::size_t which);
  [[noreturn]] static void refuse_abandoned();
  destination bind(detail::node& token);
  std::uint16_t choose_core(const detail::node& token) noexcept;
  void pin(const std::vector<unsigned>& processors) noexcept;
  void sweep() noexcept;
  void wait_for_slot();
  void wait_until_quiescent(std::chrono::steady_clock::time_point until) noexcept;
  void end_threads() noexcept;
  std::vector<token_status> abandon();

  // What is paused. Written under control_; relaxed for the hot path, which heeds them after wait_until_heeded().
  std::mutex control_;
  std::atomic<bool> restricted_{false};  // something is paused, or simulated: submit() takes the long way
  bool all_paused_ = false;
  std::vector<std::atomic<bool>> operation_paused_;
  waiting_list holding_;  // tokens from outside that neither lane may have yet; guarded by control_
  std::atomic<std::uint64_t> holding_entered_{0}, holding_left_{0};
  std::vector<outside_counters> ended_outside_;

  // Policies are made when they are first needed; see use_lane(). Release with a new policy, acquire by who routes by
  // it.
  const lane_setup setup_;
  const std::size_t default_lane_;
  std::vector<std::unique_ptr<lane_variant>> variants_;
  std::atomic<std::uint64_t> lanes_in_use_{0};
  std::atomic<std::uint64_t> lanes_that_give_{0};  // written before lanes_in_use_, which orders it
  std::mutex lanes_mutex_, sweep_mutex_;

  std::atomic<bool> abandoned_{false};  // written by abandon() before its look around, see spawn_anchored()
  std::atomic<bool> swept_{false};      // the cores have ended and their lanes were emptied; see submit()
  std::vector<std::thread> threads_;
  std::unique_ptr<std::atomic<bool>[]> ended_;  // by core: its thread is done; release by it, acquire by stop()
};

}  // namespace tokengate::lanes
