// One core: a pinned thread, its queues, its workers and its scheduler.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <memory>
#include <vector>

#include <boost/intrusive/set.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <sys/types.h>

#include <tokengate/anchors/conductor.h>
#include <tokengate/anchors/strands.h>
#include <tokengate/core/host.h>
#include <tokengate/core/node.h>
#include <tokengate/io/storage_tier.h>
#include <tokengate/lanes/bound_stack.h>
#include <tokengate/lanes/child_deque.h>
#include <tokengate/lanes/counters.h>
#include <tokengate/lanes/exception_state.h>
#include <tokengate/lanes/fiber_scheduler.h>
#include <tokengate/lanes/gated_mailbox.h>
#include <tokengate/lanes/held_tokens.h>
#include <tokengate/lanes/lane.h>
#include <tokengate/lanes/modes.h>
#include <tokengate/lanes/recent.h>
#include <tokengate/lanes/stack_pool.h>

namespace tokengate::detail {
struct debugger_layout;
}  // namespace tokengate::detail

namespace tokengate::lanes {

class runtime;
struct core_view;
struct permit_wait;
struct verdict;

/// What is called on the core's own thread only is grouped below the line; everything above may be called by any
/// thread.
class core : public detail::host {
 public:
  core(runtime& shared, unsigned index);
  ~core() override;

  /// Takes a token from outside into its lane, or among those that must run here. False when that is full.
  bool offer(detail::node& token, unsigned slot = no_slot, bool on_credit = false) noexcept;
  /// Any thread, once per policy and before the first token for it comes: the queues of that policy on this core.
  void add_lane(std::size_t which, std::unique_ptr<lane> queues) noexcept {
    lanes_[which] = std::move(queues);
    lanes_in_use_.fetch_or(std::uint64_t{1} << which, std::memory_order_release);
  }
  /// Calls `look` for each policy that is in use, in order; ends when it returns true, and returns that.
  template <class Look>
  bool any_lane(Look look) const noexcept {
    auto left = lanes_in_use_.load(std::memory_order_acquire);  // pairs with add_lane()
    for (; left != 0; left &= left - 1)
      if (look(*lanes_[static_cast<std::size_t>(std::countr_zero(left))])) return true;
    return false;
  }
  /// Tokens that must run here.
  [[nodiscard]] gated_mailbox& pinned() noexcept { return pinned_; }
  /// Hands unbound tokens to a thief, unclaimed; returns how many.
  std::size_t give_to_thief(detail::node** taken, std::size_t most, bool from_lanes) noexcept;
  /// True when a thief may find something here.
  [[nodiscard]] bool has_loot(bool in_lanes) const noexcept;
  /// Ends the core's sleep; false if it did not sleep, or somebody else woke it.
  bool wake() noexcept;
  [[nodiscard]] bool asleep() const noexcept { return asleep_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t accepted() const noexcept;
  /// Tokens at the gate and in the mailboxes now.
  [[nodiscard]] std::size_t waiting() const noexcept;
  [[nodiscard]] std::size_t admitted() const noexcept;
  /// Tokens killed here so far.
  [[nodiscard]] std::uint64_t killed() const noexcept;
  [[nodiscard]] std::uint64_t finished() const noexcept;
  /// Sets and clears modes (modes.h). The caller wakes the core.
  void set_modes(std::uint32_t bits) noexcept { modes_.fetch_or(bits, std::memory_order_release); }
  void clear_modes(std::uint32_t bits) noexcept { modes_.fetch_and(~bits, std::memory_order_release); }
  /// True while the core is between its look at the modes and the start of the token that it takes. After a mode was
  /// set and heavy_fence(), who has seen false once knows that the core acts on the mode.
  [[nodiscard]] bool taking() const noexcept { return taking_.load(std::memory_order_acquire); }
  [[nodiscard]] const core_counters& counters() const noexcept { return counters_; }
  /// Of an operation by its index + 1; 0 stands for submit(), and for operations enrolled after the start.
  [[nodiscard]] const operation_counters& counters_of(std::size_t operation) const { return operations_[operation]; }
  [[nodiscard]] std::size_t operations() const noexcept { return operations_.size(); }
  [[nodiscard]] const recent_ring& recent() const noexcept { return recent_; }
  /// The system's number of its thread; 0 before that began.
  [[nodiscard]] pid_t thread_id() const noexcept { return thread_id_.load(std::memory_order_relaxed); }

  /// So many workers may be busy, i.e. have a started token that does not wait. Who changes it tells the lanes, too
  /// (runtime::limit_workers). More take effect when a token yields the next time, fewer as workers come to rest: no
  /// token is stopped for it. A core that sleeps has no busy worker and need not be woken for it.
  [[nodiscard]] unsigned worker_limit() const noexcept { return worker_limit_.load(std::memory_order_relaxed); }
  void limit_workers(unsigned most) noexcept { worker_limit_.store(most, std::memory_order_relaxed); }
  /// In each window (convergence.h) the core says once whether the limit was reached.
  void begin_window(std::uint32_t number) noexcept { window_.store(number, std::memory_order_relaxed); }

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
  void spawn(detail::node& child, std::uint64_t id) override;
  bool run_inline(detail::node& child) noexcept override;
  void give_back() noexcept override;
  void retake() noexcept override;
  [[nodiscard]] bool cancelling() const noexcept override;
  [[nodiscard]] lead_facts lead() const noexcept override;
  [[nodiscard]] bool unwinding() const noexcept override { return exceptions_->uncaught != 0; }
  [[nodiscard]] unsigned index() const noexcept override { return index_; }
  [[nodiscard]] poller& events() noexcept override { return *events_; }

  /// For the scheduler: an idle worker if there is work for it.
  fiber_scheduler::context* idle_worker_for_work() noexcept;
  /// For the scheduler: nothing is ready; waits until something is, or makes a worker.
  void idle() noexcept;

 protected:
  /// With other parts than usual, for simulations.
  core(runtime& shared, unsigned index, boost::intrusive_ptr<fiber_scheduler> scheduler,
       std::unique_ptr<poller> events);

 private:
  friend struct detail::debugger_layout;
  friend class simulated_core;
  struct worker;
  class left_state;
  struct by_deadline {
    bool operator()(const detail::waiter& a, const detail::waiter& b) const noexcept { return a.deadline < b.deadline; }
  };
  using timer_queue = boost::intrusive::multiset<
      detail::waiter,
      boost::intrusive::member_hook<detail::waiter, decltype(detail::waiter::timer_hook), &detail::waiter::timer_hook>,
      boost::intrusive::compare<by_deadline>>;
  // worker.cc: the life of a worker
  virtual void work(unsigned number) noexcept;
  detail::node* next_patiently() noexcept;
  void make_worker();
  void rest(worker& self) noexcept;
  void between_tokens(worker& self) noexcept;
  // execute.cc: the way of one token
  detail::node* next() noexcept;
  detail::node* next_unclaimed(std::uint32_t modes) noexcept;
  detail::node* next_from_lanes() noexcept;
  detail::node* next_held(std::uint32_t modes) noexcept;
  detail::node* steal(bool from_lanes) noexcept;
  virtual bool steals_now() noexcept;
  virtual unsigned first_victim() noexcept { return index_ + 1u; }
  bool claim(detail::node& token, std::uint32_t modes) noexcept;
  bool must_wait(const detail::node& token, std::uint32_t modes) const noexcept;
  /// With `group`: one of its key's strand, older than all that are kept (held_tokens.h).
  bool held_back(detail::node& token, std::uint32_t modes, std::uint64_t group = 0) noexcept;
  /// Until stop_taking(), or until the token that is taken begins, a pause that is being made waits.
  std::uint32_t start_taking() noexcept {
    taking_.store(true, std::memory_order_relaxed);
    detail::light_fence();  // with the heavy one in runtime::pause(): it sees us taking, or we see the mode
    return modes_.load(std::memory_order_relaxed);
  }
  void stop_taking() noexcept { taking_.store(false, std::memory_order_release); }
  void execute(detail::node& token) noexcept;
  token_state execute_timed(detail::node& token, bool for_lane) noexcept;
  void end(detail::node& token, token_state how) noexcept;
  [[gnu::noinline]] void end_marked(const detail::node& token, token_state how) noexcept;
  void kill(detail::node& token, token_state how) noexcept;
  token_state true_end(detail::node& token, token_state how) noexcept;
  /// What is counted for submit() is also counted there for operations that were enrolled after the start.
  operation_counters& counted(const detail::node& token) noexcept {
    const std::uint32_t operation = token.operation;
    return operations_.data()[operation < operation_count_ ? operation : 0];
  }
  void let_ready_fibers_run() noexcept;
  void look_for_fresh() noexcept;
  // children.cc: tokens made here, and those run by who waits for them
  [[gnu::noinline]] void spawn_slowly(detail::node& child, std::uint64_t id);
  [[gnu::noinline]] void queue_slowly(detail::node& child);
  bool run_at_once(detail::node& child) noexcept;
  bool stack_allows_inline() const noexcept;
  [[gnu::noinline]] bool run_inline_slowly(detail::node& child) noexcept;
  void execute_inside(detail::node& child) noexcept;
  bool may_run_inline(const detail::node& child, std::uint32_t modes) noexcept;
  bool claim_inline(detail::node& child) noexcept;
  bool claim_from_children(detail::node& child) noexcept;
  void drop_stale_children() noexcept;
  // belonging.cc: domains, pins, strands
  void join_domain(detail::node& parent, detail::node& child);
  /// What the lead declares that it calls, as far as it has been asked: then joining the domain is no more than
  /// enter_domain().
  [[nodiscard]] bool known_call(const detail::node& lead, const detail::node& child) const noexcept {
    return lead.domain != anchors::conductor::none &&
           known_calls_[child.operation % known_calls_.size()] == both(lead, child);
  }
  static std::uint32_t both(const detail::node& lead, const detail::node& child) noexcept {
    return std::uint32_t{lead.operation} << 16 | child.operation;
  }
  void enter_domain(const detail::node& parent, detail::node& child) noexcept {
    child.domain = parent.domain;
    child.binds = parent.binds;
    domains_.enter(child.domain, index_);
  }
  /// All of left_by_end() for most tokens; false if there is more to do, and nothing was done.
  [[nodiscard]] bool leaves_own_domain(const detail::node& token) noexcept {
    return !token.tags.lead && !token.tags.anchored && domains_.leave_own(token.domain, index_);
  }
  void note_undeclared(const detail::node& lead, const detail::node& child);
  [[noreturn]] static void refuse_undeclared(const detail::node& lead, const detail::node& child);
  void open_domain(detail::node& lead) noexcept;
  bool enter_strand(detail::node& token) noexcept;
  bool behind_in_strand(detail::node& token) noexcept;
  bool claim_queued(detail::node& token) noexcept;
  detail::node* next_turn(std::uint32_t& modes) noexcept;
  bool held_back_in_turn(detail::node& token, std::uint32_t modes) noexcept;
  bool anchor_allows_inline(const detail::node& child) const noexcept;
  void left(const detail::node& token) noexcept;
  [[gnu::noinline]] void left_by_end(detail::node& token) noexcept;
  // attend.cc: stop requests, memory
  void attend() noexcept;
  void end_strands() noexcept;
  void end_queued_children() noexcept;
  void tidy() noexcept;
  // answer.cc: surveys
  void answer_survey() noexcept;
  void describe(const worker& self, core_view& view) const;
  void execute_verdict(verdict& what) noexcept;
  // permits.cc: storage permits of tokens
  bool claim_with_permit(detail::node& token) noexcept;
  bool claim_permitted(detail::node& token) noexcept;
  bool claim_granted(detail::node& token, std::uint32_t modes) noexcept;
  bool acquire_here(io::storage_tier& tier, bool returning) noexcept;
  detail::node* next_granted(std::uint32_t& modes) noexcept;
  // core.cc: waiting and idling
  void suspend(detail::waiter& party, bool timed) noexcept;
  /// Another worker may be busy.
  bool has_room() const noexcept { return active_ < worker_limit(); }
  void note_full() noexcept;
  [[gnu::noinline]] void note_full_now() noexcept;
  void end_idling() noexcept;
  bool has_work() const noexcept;
  bool has_own_work() const noexcept;
  bool has_released(std::uint32_t modes) const noexcept;
  void fire_timers() noexcept;
  bool search() noexcept;
  void pass_it_on() noexcept;
  void sleep() noexcept;

  void tell_lane(const detail::node& token, std::uint64_t ticks) noexcept;
  /// What a token that took so long is said to have cost.
  virtual std::uint64_t cost(std::uint64_t ticks) noexcept { return ticks; }
  /// What its workers stand on.
  virtual stack_pool& stacks() noexcept { return stacks_; }

  // Lines of their own for what never changes and other threads read with every token that they bring; what the core
  // writes all the time lies before (host) and behind it.
  alignas(64) runtime& runtime_;
  anchors::conductor& domains_;
  const std::uint16_t index_, realm_;
  const std::size_t max_suspended_;
  std::vector<std::unique_ptr<lane>> lanes_;  // by policy; there are those that are in use
  std::atomic<std::uint64_t> lanes_in_use_{
      0};  // a bit each; release and acquire, so that the lane is seen with its bit
  boost::intrusive_ptr<fiber_scheduler> scheduler_;
  std::unique_ptr<poller> events_;
  alignas(64) stack_pool stacks_;

  bound_stack bound_;                             // children that must run here
  child_deque open_;                              // children, and what was taken from lanes, that others may take
  held_tokens held_;                              // admitted tokens that a pause keeps back
  std::uint64_t groups_held_ = 0;                 // how many groups of tokens of a strand were
  anchors::strands strands_;                      // admitted tokens whose exclusive anchor another one has
  std::array<std::uint32_t, 64> known_calls_{};   // calls that leads declare: both numbers, by that of the child
  permit_wait* granted_ = nullptr;                // tokens that got their storage permit, oldest first
  permit_wait* permit_waits_ = nullptr;           // tokens that this core has wait for one
  std::uint32_t turn_ = 0;                        // tokens run by workers so far
  std::uint32_t yields_ = 0;                      // that had a ready fiber to switch to
  std::size_t stale_open_ = 0, stale_bound_ = 0;  // entries whose token was run by its waiter, or ended, at most
  std::size_t stolen_ = 0;                        // children that were stolen last, until they have been run
  std::chrono::steady_clock::time_point stolen_at_, steals_again_at_;
  std::chrono::nanoseconds keeps_off_{0};                // for how long, after children that were not worth it
  std::size_t lane_turn_ = 0;                            // whose turn it is among the lanes
  std::array<std::uint8_t, 3> until_measured_{1, 1, 1};  // tokens of each weight until one is measured for its lane

  worker* idle_workers_ = nullptr;
  worker* current_worker_ = nullptr;
  unsigned workers_ = 0, active_ = 0, idle_ = 0;
  std::size_t suspended_ = 0;
  bool came_from_idling_ = false;   // and has not taken a token since
  std::uint32_t window_noted_ = 0;  // the last one in which the limit was seen to be reached
  worker* all_workers_ = nullptr;
  fiber_scheduler::context* main_ = nullptr;
  exception_globals* exceptions_ = nullptr;  // of this thread
  timer_queue timers_;

  core_counters counters_;
  std::vector<operation_counters> operations_;
  const std::size_t operation_count_ = operations_.size();
  recent_ring recent_;
  unsigned numbers_given_ = 0;  // to workers; those that are free again are given first
  std::vector<unsigned> free_numbers_;
  struct counted_call {
    std::uint32_t calls = 0;                      // both numbers
    std::atomic<std::uint64_t>* count = nullptr;  // of all cores
  };
  std::array<counted_call, 16> undeclared_calls_{};  // calls that leads do not declare, by the number of the child

  // What other threads touch, away from what the core touches all the time.
  alignas(64) std::atomic<std::uint32_t> modes_{0};
  std::atomic<bool> taking_{false};                             // release by the core, acquire by pause(); see taking()
  std::atomic<unsigned> worker_limit_;                          // relaxed, both: numbers that say nothing about other
  std::atomic<std::uint32_t> window_{0};                        // memory, and may be seen a little later
  alignas(64) std::atomic<permit_wait*> resubmitted_{nullptr};  // Treiber stack: release push, acquire exchange
  std::atomic<bool> asleep_{false};
  std::atomic<pid_t> thread_id_{0};  // relaxed: a number, to ask the system with
  // Threads inside ready() or resubmit(): the core must stay until they have let go, although what they handed over may
  // run and end meanwhile. Release by them, acquire by the destructor.
  std::atomic<int> handing_over_{0};
  gated_mailbox pinned_;  // tokens from outside that must run here
};

}  // namespace tokengate::lanes
