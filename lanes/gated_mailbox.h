// One mailbox and the gate before it: the queue that most policies are made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tokengate/core/node.h>
#include <tokengate/core/spin_pause.h>
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
      if (mailbox_.try_push(token, admission_gate::passed_by(token)) || push_as_it_drains(token)) return true;
    }
    return gate_.enter(token, on_credit, push());
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
  /// The mailbox is full. While its core takes tokens out, waiting a moment is cheaper than the way round the gate;
  /// when that does nothing it is not waited for.
  [[gnu::noinline]] bool push_as_it_drains(detail::node& token) noexcept {
    constexpr int looks = 64, pauses_between = 8;
    auto taken_before = mailbox_.pops();
    for (int look = 0; look < looks; ++look) {
      for (int i = 0; i < pauses_between; ++i) detail::spin_pause();
      if (mailbox_.try_push(token, admission_gate::passed_by(token))) return true;
      const auto taken = mailbox_.pops();
      if (taken == taken_before) return false;
      taken_before = taken;
    }
    return false;
  }

  mailbox mailbox_;
  admission_gate gate_;
};

}  // namespace tokengate::lanes
