// What a token is inside: one node, one atomic word, two owners (its handle and its run) and a queue's share.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

#include <tokengate/core/operation_info.h>
#include <tokengate/core/token_state.h>
#include <tokengate/core/waiter.h>

namespace tokengate::detail {

class node;

/// What differs between node types; one constant per type of node.
struct node_type {
  token_state (*run)(node&) noexcept;  ///< calls the function, keeps its result or exception: completed, failed, killed
  void (*destroy)(node&) noexcept;     ///< ends the object and returns its memory
  std::exception_ptr (*failure)(const node&) noexcept;  ///< of a failed token: what it threw
};

/// The word holds the state (3 bits) and who still refers to the node:
///   released  the handle let go: nobody will ask for the result
///   waited    waiter_ is set: who finishes the token must notify it
///   queued    a queue still holds the pointer (a token run by its waiter leaves its queue entry behind)
/// The node is destroyed by whoever makes it terminal & released & not queued; every such step is one atomic
/// read-modify-write of the word, so exactly one party sees itself last. All of them are acq_rel: what a party wrote
/// before its step is visible to the party that runs, reads or destroys the node after it.
class node {
 public:
  static constexpr std::uint32_t state_mask = 7, released = 8, waited = 16, queued = 32;

  node(const node_type& kind, const operation_record* operation_of, attributes marks) noexcept
      : tags(marks), type(&kind), record(operation_of) {}
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  [[nodiscard]] token_state state(std::memory_order order = std::memory_order_acquire) const noexcept {
    return static_cast<token_state>(word_.load(order) & state_mask);
  }
  [[nodiscard]] bool terminal() const noexcept { return is_terminal(state()); }

  /// Before publication only (plain stores): the queue that will hold the pointer is part of the start value.
  void enqueue_as(token_state state) noexcept {
    word_.store(static_cast<std::uint32_t>(state) | queued, std::memory_order_relaxed);
  }
  /// Before publication: is run at once by who made it, no queue holds it.
  void begin_unqueued() noexcept {
    word_.store(static_cast<std::uint32_t>(token_state::executing), std::memory_order_relaxed);
  }

  /// waiting -> admitted, by the gate. False if the token was killed meanwhile.
  bool admit() noexcept { return step(token_state::waiting, token_state::admitted, 0); }

  /// The party that took the pointer from a queue claims the token for running. False: somebody else ran or ended it;
  /// the queue's share is given up in either case, so the node must not be touched after false.
  bool claim_from_queue() noexcept {
    if (step(token_state::admitted, token_state::executing, queued)) return true;
    drop(queued);
    return false;
  }
  /// The party that waits claims a token that stays behind in some queue. False: it is not to be had.
  bool claim_by_waiter() noexcept { return step(token_state::admitted, token_state::executing, 0); }

  /// executing -> terminal; wakes the waiter. The caller must not touch the node afterwards.
  void finish(token_state end) noexcept;

  /// waiting or admitted -> killed, by whoever holds the queue's share, which is given up. True when this call did it.
  /// `before_notice` is called in between.
  template <class BeforeNotice = decltype([] {})>
  bool kill_from_queue(BeforeNotice before_notice = {}) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    std::uint32_t changed = 0;
    do {
      const auto now = static_cast<token_state>(word & state_mask);
      if (now != token_state::waiting && now != token_state::admitted) {
        drop(queued);
        return false;
      }
      changed = ((word & ~state_mask) | static_cast<std::uint32_t>(token_state::killed)) & ~queued;
    } while (!word_.compare_exchange_weak(word, changed, std::memory_order_acq_rel, std::memory_order_relaxed));
    before_notice();
    became_terminal(word, changed);
    return true;
  }
  /// Gives up the queue's share of a token that is not admitted any more: somebody else ran or ended it.
  void drop_stale() noexcept { drop(queued); }

  /// The handle lets go; the caller must not touch the node afterwards. A failure that was not `observed` by get() is
  /// noted (unobserved.h), now or when the token fails.
  void release(bool observed) noexcept;

  /// Registers who waits (one at a time). False: the token is terminal already.
  bool wait_by(waiter& party) noexcept;
  /// Takes the registration back. False: the token became terminal, the notification comes or came.
  bool unwait() noexcept;

  token_state run() noexcept { return type->run(*this); }

  attributes tags;
  bool bound = false;      ///< runs only on the core it was routed to (child of a bound domain, or anchored)
  bool in_domain = false;  ///< its children belong to the domain of a bound lead above it
  enum : std::uint8_t { none, held, given_back } permit = none;  ///< of its storage tier; the running core's business
  std::uint8_t shields = 0;                                      ///< while not 0 its waits are not cancelled
  std::uint16_t home = 0;                                        ///< index of the core it was routed to, if bound
  std::uint32_t operation = 0;  ///< index + 1 of the operation in the operation table; 0 for submit()
  const node_type* type;
  const operation_record* record;  ///< null for submit()
  node* next = nullptr;            ///< link of the queue that holds the node
  std::uint64_t id = 0;
  std::uint64_t creator = 0;   ///< id of the token that made it; 0 from outside
  std::uint64_t enqueued = 0;  ///< ticks at submission; 0 when this token's times are not taken

 protected:
  ~node() = default;

 private:
  bool step(token_state from, token_state to, std::uint32_t clear) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    while ((word & state_mask) == static_cast<std::uint32_t>(from)) {
      const auto changed = ((word & ~state_mask) | static_cast<std::uint32_t>(to)) & ~clear;
      if (word_.compare_exchange_weak(word, changed, std::memory_order_acq_rel, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void drop(std::uint32_t share) noexcept;
  void became_terminal(std::uint32_t before, std::uint32_t after) noexcept;

  std::atomic<std::uint32_t> word_{static_cast<std::uint32_t>(token_state::created)};
  waiter* waiter_ = nullptr;  // written before `waited` is set, read after it was seen: ordered by the word
};

}  // namespace tokengate::detail
