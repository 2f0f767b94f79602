// One core: a pinned thread, its queues, its workers and its scheduler.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <tokengate/core/host.h>
#include <tokengate/core/node.h>
#include <tokengate/io/storage_tier.h>
#include <tokengate/lanes/child_deque.h>
#include <tokengate/lanes/counters.h>
#include <tokengate/lanes/fiber_scheduler.h>
#include <tokengate/lanes/lane.h>
#include <tokengate/lanes/stack_pool.h>

namespace tokengate::lanes {

class runtime;
struct permit_wait;

/// What is called on the core's own thread only is grouped below the line; everything above may be called by any
/// thread.
class core final : public detail::host {
 public:
  core(runtime& shared, unsigned index);
  ~core() override;

  /// Takes a token from outside into the lane of its weight, or of anchored tokens. False when that is full.
  bool offer(detail::node& token, bool on_credit = false) noexcept;
  /// Hands an unbound token to a thief, unclaimed, or null.
  detail::node* give_to_thief() noexcept;
  /// True when a thief may find something here.
  [[nodiscard]] bool has_loot() const noexcept;
  /// Ends the core's sleep; false if it did not sleep, or somebody else woke it.
  bool wake() noexcept;
  [[nodiscard]] bool asleep() const noexcept { return asleep_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t accepted() const noexcept;
  /// Tokens at the gate and in the mailboxes now.
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::size_t admitted() const noexcept;
  /// Tokens killed here so far.
  [[nodiscard]] std::uint64_t killed() const noexcept;
  /// Kills what is in the lanes; once the core's thread has ended.
  void kill_queued() noexcept;
  [[nodiscard]] const core_counters& counters() const noexcept { return counters_; }
  /// Of an operation by its index + 1; 0 stands for submit(), and for operations enrolled after the start.
  [[nodiscard]] const operation_counters& counters_of(std::size_t operation) const { return operations_[operation]; }
  [[nodiscard]] std::size_t operations() const noexcept { return operations_.size(); }

  void ready(detail::waiter& party) noexcept override;
  /// The storage permit that a token of this core waited for was granted.
  void resubmit(permit_wait& granted) noexcept;

  // --- the core's own thread ----------------------------------------------------------------------------------------
  /// The thread's main function; returns when the runtime is finished.
  void run();
  /// For the scheduler, now and then.
  void poll() noexcept;

  void prepare(detail::waiter& party) noexcept override;
  void suspend(detail::waiter& party) noexcept override;
  void suspend_until(detail::waiter& party) noexcept override;
  void yield() noexcept override;
  void spawn(detail::node& child) override;
  bool run_inline(detail::node& child) noexcept override;
  void give_back() noexcept override;
  void retake() noexcept override;
  [[nodiscard]] bool cancelling() const noexcept override;
  [[nodiscard]] unsigned index() const noexcept override { return index_; }
  [[nodiscard]] poller& events() noexcept override { return *events_; }

  /// For the scheduler: an idle worker if there is work for it.
  fiber_scheduler::context* idle_worker_for_work() noexcept;
  /// For the scheduler: nothing is ready; waits until something is, or makes a worker.
  void idle() noexcept;

 private:
  struct worker;
  class left_state;
  struct by_deadline {
    bool operator()(const detail::waiter& a, const detail::waiter& b) const noexcept { return a.deadline < b.deadline; }
  };
  using timer_queue = boost::intrusive::multiset<
      detail::waiter,
      boost::intrusive::member_hook<detail::waiter, decltype(detail::waiter::timer_hook), &detail::waiter::timer_hook>,
      boost::intrusive::compare<by_deadline>>;
  using parked_list =
      boost::intrusive::list<detail::waiter,
                             boost::intrusive::member_hook<detail::waiter, decltype(detail::waiter::parked_hook),
                                                           &detail::waiter::parked_hook>>;

  // worker.cc: the life of a worker
  void work() noexcept;
  void make_worker();
  void rest(worker& self) noexcept;
  void between_tokens(worker& self) noexcept;
  // execute.cc: the way of one token
  detail::node* next() noexcept;
  detail::node* next_unclaimed() noexcept;
  detail::node* steal() noexcept;
  bool claim(detail::node& token) noexcept;
  void execute(detail::node& token) noexcept;
  void execute_inside(detail::node& child) noexcept;
  void let_ready_fibers_run() noexcept;
  operation_counters& counted(const detail::node& token) noexcept;
  void end(detail::node& token, token_state how, detail::node* outer) noexcept;
  void kill(detail::node& token) noexcept;
  void count_finished() noexcept;
  void place_child(detail::node& child);
  bool stack_allows_inline() const noexcept;
  bool claim_inline(detail::node& child) noexcept;
  bool claim_from_children(detail::node& child) noexcept;
  void drop_stale_children() noexcept;
  // permits.cc: storage permits of tokens
  bool claim_with_permit(detail::node& token) noexcept;
  bool claim_permitted(detail::node& token) noexcept;
  void acquire_here(io::storage_tier& tier, bool returning) noexcept;
  detail::node* next_granted() noexcept;
  // core.cc: waiting and idling
  bool has_work() const noexcept;
  void fire_timers() noexcept;
  void cancel_parked() noexcept;
  bool search() noexcept;
  void sleep() noexcept;

  static constexpr std::size_t weights = 3;
  static constexpr std::size_t anchored_lane = 3;

  runtime& runtime_;
  const unsigned index_;
  boost::intrusive_ptr<fiber_scheduler> scheduler_;
  std::unique_ptr<poller> events_;
  stack_pool stacks_;

  std::vector<detail::node*> bound_;  // children that must run here: newest last, no other thread looks
  child_deque open_;                  // children that others may take
  permit_wait* granted_ = nullptr;    // tokens that got their storage permit, oldest first
  std::uint32_t turn_ = 0;            // tokens run by workers, and by waiters, so far
  std::uint32_t inline_turn_ = 0;
  std::size_t stale_ = 0;  // entries of open_ whose token was run by its waiter, at most

  worker* idle_workers_ = nullptr;
  worker* current_worker_ = nullptr;
  unsigned workers_ = 0, active_ = 0, idle_ = 0;
  std::size_t suspended_ = 0;
  bool cancelled_parked_ = false;
  fiber_scheduler::context* main_ = nullptr;
  timer_queue timers_;
  parked_list parked_;

  core_counters counters_;
  std::vector<operation_counters> operations_;

  // What other threads touch, away from what the core touches all the time.
  alignas(64) std::atomic<permit_wait*> resubmitted_{nullptr};  // Treiber stack: release push, acquire exchange
  std::atomic<bool> asleep_{false};
  // Threads inside ready() or resubmit(): the core must stay until they have let go, although what they handed over may
  // run and end meanwhile. Release by them, acquire by the destructor.
  std::atomic<int> handing_over_{0};
  std::vector<std::unique_ptr<lane>> lanes_;
};

}  // namespace tokengate::lanes
