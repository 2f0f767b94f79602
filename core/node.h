// What a token is inside: one node with two atomic words, and who may touch which part of it when.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <type_traits>

#include <tokengate/core/operation_info.h>
#include <tokengate/core/poison.h>
#include <tokengate/core/shared_field.h>
#include <tokengate/core/stop_request.h>
#include <tokengate/core/token_state.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {

class node;
void tell_watched(const node& subject, token_state from, token_state to) noexcept;  // observe.h

/// The part of a node that most tokens never touch; it lies behind arguments and result, in a cache line of its own.
struct node_extra {
  waiter* waiting;                                      ///< written before `waited` is set, read after it was seen
  node* next;                                           ///< link of the queue at a gate, under its lock
  node* ahead;                                          ///< some links further on, or null; only a hint
  shared_field<std::int64_t> deadline;                  ///< steady_clock, nanoseconds; valid if node::dated
  shared_field<std::uint64_t> created, started, ended;  ///< ticks, 0 before; valid if node::timed
};
/// The same of a token with a sticky anchor.
struct anchored_extra : node_extra {
  std::uint64_t key;                       ///< of its anchor and arguments; tokens with the same one run on one core
  std::atomic<std::uint32_t>* companions;  ///< of the key, itself among them, while it is pinned (sticky_pins.h)
  node *chain, *turn;                      ///< links of the strands of a core (strands.h)
};

/// What differs between node types; one constant per type of node.
struct node_type {
  token_state (*run)(node&) noexcept;  ///< calls the function, keeps its result or exception: completed, failed, killed
  void (*destroy)(node&) noexcept;     ///< ends the object and returns its memory
  std::exception_ptr (*failure)(const node&) noexcept;  ///< of a failed token: what it threw
  node_extra& (*extra)(node&) noexcept;
};

/// The word holds the state (3 bits), who still refers to the node, and the id above:
///   released  the handle let go: nobody will ask for the result
///   waited    extra().waiting is set: who finishes the token must notify it
///   queued    a queue still holds the pointer (a token run by its waiter leaves its queue entry behind)
///   child     made by a token: while it is queued only its core, a thief or its waiter changes its state
///   ending    nobody may claim it any more: who set this is about to make it terminal
/// The node is destroyed by whoever makes it terminal & released & not queued; every such step is one atomic
/// read-modify-write of the word, so exactly one party sees itself last. All of them are acq_rel: what a party wrote
/// before its step is visible to the party that runs, reads or destroys the node after it. The exceptions are
/// a child that its own waiter takes from the top of its core's stack, whose entry and handle are in one hand
/// (claim_held, finish_held), and the end of a token whose handle is gone and which is in no queue (finish): nobody
/// else can change the word then, and plain stores do.
///
/// The second word (stop_request.h) takes what others want of the token; any thread may write it at any time.
///
/// Nodes live in memory that is only ever used for nodes (node_pool.h), and both words carry the id: who finds a node
/// by looking through that memory may compare-exchange the words of a token that is gone without harm. Nothing but
/// them, `creator`, `operation` and `realm` may be read then (poison.h).
class node {
 public:
  static constexpr std::uint64_t state_mask = 7, released = 8, waited = 16, queued = 32, child = 64, ending = 128;
  static constexpr unsigned id_shift = 8;

  node(const node_type& kind, attributes marks) noexcept : word_(0), type(&kind), tags(marks) {}
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  [[nodiscard]] static constexpr token_state state_of(std::uint64_t word) noexcept {
    return static_cast<token_state>(word & state_mask);
  }
  [[nodiscard]] std::uint64_t word() const noexcept { return word_.load(std::memory_order_acquire); }
  [[nodiscard]] token_state state() const noexcept { return state_of(word()); }
  [[nodiscard]] bool terminal() const noexcept { return is_terminal(state()); }
  /// It is terminal, or about to be without ever being begun.
  [[nodiscard]] bool ended() const noexcept {
    const auto now = word();
    return is_terminal(state_of(now)) || (now & ending) != 0;
  }
  /// Unique in the process, never 0.
  [[nodiscard]] std::uint64_t id() const noexcept { return word_ >> id_shift; }
  [[nodiscard]] node_extra& extra() const noexcept { return type->extra(const_cast<node&>(*this)); }

  /// Before anybody knows the node: its id, its state and which shares are given out from the start. Release: who finds
  /// the node by its memory and sees this id sees what was set before.
  void begin(std::uint64_t id, token_state state, std::uint64_t shares) noexcept {
    request.clear(id);
    word_.store(id << id_shift | shares | static_cast<std::uint64_t>(state), std::memory_order_release);
  }
  /// The same, by a queue that takes it as waiting or admitted; it may do so again when the first place was full. One
  /// that others know already (`published`) is waiting and stays so until it is admitted.
  void enqueue_as(token_state state) noexcept {
    if (!published) [[likely]]
      begin(id(), state, queued);
    else if (state == token_state::admitted)
      admit();
  }

  /// waiting -> admitted, by the gate. False if the token was killed meanwhile.
  bool admit() noexcept {
    if (!step(token_state::waiting, token_state::admitted, 0)) return false;
    if (watched) [[unlikely]]
      tell_watched(*this, token_state::waiting, token_state::admitted);
    return true;
  }

  /// The party that took the pointer from a queue claims the token for running. False: somebody else ran or ended it;
  /// the queue's share is given up in either case, so the node must not be touched after false.
  bool claim_from_queue() noexcept {
    if (step(token_state::admitted, token_state::executing, queued)) return true;
    drop(queued);
    return false;
  }
  /// The party that waits claims a token that stays behind in some queue. False: it is not to be had.
  bool claim_by_waiter() noexcept { return step(token_state::admitted, token_state::executing, 0); }
  /// Whether somebody wants to know its times or changes, or it has a deadline.
  [[nodiscard]] bool marked() const noexcept {
    return (static_cast<unsigned>(timed) | static_cast<unsigned>(dated) | static_cast<unsigned>(watched)) != 0;
  }
  /// A child that nobody has claimed, and whose handle and queue entry are all that refers to it.
  [[nodiscard]] bool untouched_child() const noexcept {
    constexpr std::uint64_t flags = (std::uint64_t{1} << id_shift) - 1;
    return (word_ & flags) == (child | queued | static_cast<std::uint64_t>(token_state::admitted));
  }
  /// The party that waits took its child from the stack of its own core: entry and handle are its own.
  void claim_held() noexcept {
    constexpr std::uint64_t id_only = ~std::uint64_t{0} << id_shift;
    word_.store((word_ & id_only) | child | static_cast<std::uint64_t>(token_state::executing),
                std::memory_order_relaxed);
  }

  /// executing -> terminal; wakes the waiter. The caller must not touch the node afterwards.
  void finish(token_state end) noexcept;
  /// The same after claim_held(), by the same party, which still holds the handle: the word is as it left it.
  void finish_held(token_state end) noexcept {
    constexpr auto executing = static_cast<std::uint64_t>(token_state::executing);
    word_.store(word_ + (static_cast<std::uint64_t>(end) - executing), std::memory_order_release);
  }

  /// waiting or admitted -> killed or timeout, by whoever holds the queue's share, which is given up. True when this
  /// call did it. `before_end` is called, with the state until then if it wants that, when it is certain and before
  /// anybody can see it; the node is the caller's for so long.
  template <class BeforeEnd = decltype([] {})>
  bool end_from_queue(token_state end, BeforeEnd before_end = {}) noexcept {
    if (end_unclaimed(end, id(), queued, 0, before_end)) return true;
    drop(queued);
    return false;
  }
  /// The same by somebody who holds no share: the queue keeps its entry. Only of the token with this id; of a `child`
  /// only by its core, which keeps thieves away meanwhile. The caller must not touch the node afterwards.
  template <class BeforeEnd>
  bool end_in_queue(std::uint64_t of_id, token_state end, bool own_child, BeforeEnd before_end) noexcept {
    return end_unclaimed(end, of_id, 0, own_child ? 0 : child, before_end);
  }
  /// Gives up the queue's share of a token that is not admitted any more: somebody else ran or ended it.
  void drop_stale() noexcept { drop(queued); }

  /// The handle lets go; the caller must not touch the node afterwards. A failure that was not `observed` by get() is
  /// noted (unobserved.h), now or when the token fails.
  void release(bool observed) noexcept {
    // The usual end: the result was taken, and the run and the queue are done with the node, so nobody else can touch
    // the word any more.
    const auto word = word_.load(std::memory_order_acquire);
    if ((word & (state_mask | queued)) == static_cast<std::uint64_t>(token_state::completed))
      return type->destroy(*this);
    release_slowly(observed);
  }

  /// Registers who waits (one at a time). False: the token is terminal already.
  bool wait_by(waiter& party) noexcept;
  /// Takes the registration back. False: the token became terminal, or is given up; the notification comes or came.
  bool unwait() noexcept;
  /// Notifies who waits although the token with this id goes on: nobody is to wait for it any more.
  void release_waiter(std::uint64_t of_id) noexcept;

  token_state run() noexcept { return type->run(*this); }

 private:
  shared_field<std::uint64_t> word_;  // first: memory that is not in use keeps it (node_pool.h)

 public:
  stop_request request;
  const node_type* type;
  shared_field<std::uint64_t> creator;    ///< id of the token that made it; 0 from outside
  std::uint32_t domain = 0;               ///< the one that it belongs to, of its coordinator; or 0
  shared_field<std::uint16_t> operation;  ///< index + 1 of the operation in the operation table; 0 for submit()
  shared_field<std::uint16_t> home;       ///< index of the core it was routed to, if bound
  shared_field<std::uint16_t> realm;      ///< number of the place that runs it (place.h)
  attributes tags;
  std::uint8_t shields = 0;         ///< while not 0 its waits are not cancelled
  bool bound : 1 = false;           ///< runs only on the core it was routed to (bound domain, or anchored)
  bool timed : 1 = false;           ///< its times are taken
  bool dated : 1 = false;           ///< it has a deadline
  bool published : 1 = false;       ///< it waits, and goes from one queue to another
  bool watched : 1 = false;         ///< its changes are told to observers (observe.h)
  std::uint8_t : 0;                 // others read what is above while the running core writes what is below
  bool binds : 1 = false;           ///< its children run on the core where they are made: a bound lead is above them
  bool arguments_gone : 1 = false;  ///< destroyed, after its run
  enum : std::uint8_t { none, held, given_back } permit : 2 = none;  ///< of its storage tier

 protected:
  ~node() = default;

 private:
  static constexpr std::uint64_t with_state(std::uint64_t word, token_state state) noexcept {
    return (word & ~state_mask) | static_cast<std::uint64_t>(state);
  }
  bool step(token_state from, token_state to, std::uint64_t clear) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    while (state_of(word) == from && (word & ending) == 0)
      if (word_.compare_exchange(word, with_state(word, to) & ~clear, std::memory_order_acq_rel)) return true;
    return false;
  }
  /// The word before, or 0 when the token was not to be had.
  std::uint64_t begin_end(std::uint64_t of_id, std::uint64_t spare) noexcept;
  void complete_end(token_state end, std::uint64_t clear) noexcept;
  template <class BeforeEnd>
  bool end_unclaimed(token_state end, std::uint64_t of_id, std::uint64_t clear, std::uint64_t spare,
                     BeforeEnd& before_end) noexcept {
    const auto word = begin_end(of_id, spare);
    if (word == 0) return false;
    if constexpr (std::is_invocable_v<BeforeEnd&, token_state>)
      before_end(state_of(word));
    else
      before_end();
    complete_end(end, clear);
    return true;
  }
  void release_slowly(bool observed) noexcept;
  void drop(std::uint64_t share) noexcept;
  void became_terminal(std::uint64_t before, std::uint64_t after) noexcept;
};

/// Of a token whose tags say `anchored`.
inline anchored_extra& anchored(const node& token) noexcept { return static_cast<anchored_extra&>(token.extra()); }

static_assert(sizeof(node) <= 48, "a node with 16 bytes of arguments and result fills one cache line");
static_assert(sizeof(node) <= poisoned_from, "what finds tokens reads the words of nodes that are gone");

}  // namespace tokengate::detail
