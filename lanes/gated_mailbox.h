// One mailbox and the gate before it: the queue that most policies are made of.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <sched.h>

#include <tokengate/core/clock.h>
#include <tokengate/core/node.h>
#include <tokengate/lanes/admission_gate.h>
#include <tokengate/lanes/gate_slots.h>
#include <tokengate/lanes/mailbox.h>

namespace tokengate::lanes {

/// Tokens enter first in, first out: straight into the mailbox while it has room, else they wait at the gate until the
/// mailbox has been drained. All members may be called by any thread.
class gated_mailbox {
  auto push() noexcept {
    return [this](detail::node& token, auto prepare) { return mailbox_.try_push(token, prepare); };
  }

 public:
  gated_mailbox(std::size_t capacity, gate_slots& slots) : mailbox_(capacity), gate_(slots) {}

  /// As lanes::lane::offer.
  bool offer(detail::node& token, bool on_credit = false) noexcept {
    if (gate_.free()) [[likely]] {
      if (mailbox_.try_push(token, admission_gate::passed_by(token))) return true;
    }
    return offer_when_full(token, on_credit);
  }

  /// The next admitted token with its queue share, or null. Admits those that wait when the mailbox is dry.
  detail::node* take() noexcept {
    if (detail::node* const token = mailbox_.try_pop()) return token;
    if (!gate_.may_admit()) [[likely]]
      return nullptr;
    gate_.admit(push());
    return mailbox_.try_pop();
  }

  // What a lane's queues are asked; as in lanes::lane.
  [[nodiscard]] bool empty() const noexcept { return mailbox_.empty() && !gate_.may_admit(); }
  [[nodiscard]] std::size_t waiting() const noexcept { return gate_.waiting(); }
  [[nodiscard]] std::size_t admitted() const noexcept { return mailbox_.size(); }
  [[nodiscard]] std::uint64_t accepted() const noexcept {
    const auto let_in = gate_.admitted();  // before pushes(): errs on the high side
    return mailbox_.pushes() + gate_.entered() - let_in;
  }
  void close() noexcept { gate_.close(); }
  void open() noexcept { gate_.open(); }
  std::size_t drain(bool (*wanted)(const detail::node&, void*), void (*each)(detail::node&, void*),
                    void* context) noexcept {
    return gate_.drain(wanted, each, context);
  }

 private:
  [[gnu::noinline]] bool offer_when_full(detail::node& token, bool on_credit) noexcept {
    // On credit means: by a core, which might wait for itself.
    if (!on_credit && !gate_.is_closed() && has_room_soon() && gate_.free() &&
        mailbox_.try_push(token, admission_gate::passed_by(token)))
      return true;
    return gate_.enter(token, on_credit, push());
  }

  /// While its core takes tokens out quickly, waiting is cheaper than the way through the gate; and to wait until a
  /// good part of the mailbox is free is cheaper than to follow at the core's heels, where every cell that is filled is
  /// one that the core is just looking at. A core that takes nothing, or too slowly, is not waited for, and not asked
  /// again before it has taken a good part.
  bool has_room_soon() noexcept {
    constexpr std::size_t looks = 4, yields_between = 16, times = 64, parts = 4, most_waiting = 64;
    const std::size_t part = mailbox_.capacity() / parts;
    if (part < yields_between) return false;  // so small a mailbox is full again at once
    auto taken = mailbox_.pops();
    // Relaxed: two threads that disagree cost each other a moment.
    if (taken - slow_at_.load(std::memory_order_relaxed) < part) return false;
    for (std::size_t time = 0; time < times && gate_.waiting() <= most_waiting * mailbox_.capacity(); ++time) {
      for (std::size_t look = 0; look < looks; ++look) {
        for (std::size_t i = 0; i < yields_between; ++i)
          if (others_ran()) break;
        if (gate_.waiting() == 0 && mailbox_.size() <= mailbox_.capacity() - part) return true;
      }
      const auto taken_before = std::exchange(taken, mailbox_.pops());
      if (taken - taken_before < yields_between) break;
    }
    slow_at_.store(taken, std::memory_order_relaxed);
    return false;
  }

  /// Lets go of the processor, which the core may need; true if somebody took it for a while.
  static bool others_ran() noexcept {
    constexpr std::uint64_t long_for_a_call = 1 << 12;
    const auto before = detail::ticks();
    ::sched_yield();
    return detail::ticks() - before > long_for_a_call;
  }

  // How many tokens were taken out when the core was last found slow; first of all it is not.
  std::atomic<std::size_t> slow_at_{~std::size_t{0} / 2};
  mailbox mailbox_;
  admission_gate gate_;
};

}  // namespace tokengate::lanes
