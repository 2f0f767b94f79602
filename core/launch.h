// From a call to a token on its way.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

#include <tokengate/core/clock.h>
#include <tokengate/core/host.h>
#include <tokengate/core/kill.h>
#include <tokengate/core/operation_info.h>
#include <tokengate/core/place.h>
#include <tokengate/core/token.h>

namespace tokengate::detail {

[[noreturn]] void refuse_unregistered(const operation_record& operation);

/// A new token whose id has none of these bits is handed to mark(): every token (0), or one in a power of two. Relaxed:
/// a token more or less in a sample does not matter; who wants them all sees to it itself (observe.cc).
inline constinit std::atomic<std::uint32_t> unmarked_bits{0};
/// From now on the times of one token in so many (a power of two) are taken. The coordinator that started last decides.
void set_timing_interval(std::uint32_t one_in) noexcept;
/// From now on every new token is `watched`, or none.
void watch_new_tokens(bool wanted) noexcept;

/// Has the times of a new token taken, from now, and its changes told, as far as that is wanted.
void mark(node& made, std::uint64_t id) noexcept;

/// Hands a new node to the running token's core, or to the current coordinator when called from outside.
inline void dispatch(node& made) {
  const std::uint64_t id = thread_cache::local().next_id();
  if ((id & unmarked_bits.load(std::memory_order_relaxed)) == 0) mark(made, id);
  if (host* const core = host::current())
    core->spawn(made, id);
  else
    place::submit_from_outside(made, id);
}

/// What a call says of its token, whatever it calls.
struct call_facts {
  const node_type& type;
  attributes marks{};
  std::uint32_t operation = 0;  ///< its number + 1, or 0: none
  std::uint64_t anchor = 0;     ///< the hash of its anchor's name
  std::chrono::nanoseconds timeout{0};
};

/// Makes a node of type Node and sends it off. Throws bad_alloc, no_coordinator, coordinator_stopped, mailbox_full, or
/// what copying the arguments throws; then nothing has been submitted. Inlined, because calls share it by signature:
/// where `call` is known, a token takes 20 instructions less.
template <class Node, class... Args>
[[gnu::always_inline]] inline auto make_token(const call_facts& call, Args&&... args) {
  auto* const made = new Node(call.type, call.marks, std::forward<Args>(args)...);
  made->operation = static_cast<std::uint16_t>(call.operation);  // enroll() sees to it that there are no more
  try {
    if constexpr (requires { made->make_key(call.anchor); }) made->make_key(call.anchor);
    if (call.timeout.count() != 0) set_deadline(*made, deadline_after(call.timeout));
    dispatch(*made);
  } catch (...) {
    made->type->destroy(*made);
    throw;
  }
  return token_access::make(*made);
}

/// A token that will call Op::invoke with arguments kept as Stored.
template <class Op, class... Stored, class... Args>
token<typename Op::result_type> launch(Args&&... args) {
  using type = call_type<Op, decltype(key_of<Op>()), typename Op::result_type, Stored...>;
  const operation_record& record = Op::record();
  // Acquire: pairs with the enrolment, so that the table's entry is seen too.
  const auto index = record.index.load(std::memory_order_acquire);
  if (index < 0) [[unlikely]]
    refuse_unregistered(record);
  call_facts call{type::value, Op::info.attributes, static_cast<std::uint32_t>(index) + 1};
  if constexpr (!Op::info.lane.empty()) call.marks.lane = record.lane.load(std::memory_order_relaxed);
  if constexpr (is_anchored<Op>) {
    static constexpr auto name = anchor_name_hash(Op::info.anchor);
    call.anchor = name;
  }
  call.timeout = Op::info.timeout;
  return make_token<typename type::node_class>(call, std::forward<Args>(args)...);
}

}  // namespace tokengate::detail
