// The mailboxes of one core's workers, and the one gate before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <tokengate/core/node.h>
#include <tokengate/lanes/admission_gate.h>
#include <tokengate/lanes/gate_slots.h>
#include <tokengate/lanes/mailbox.h>

namespace tokengate::lanes {

/// A token goes to the worker it was sent to; when that one's mailbox is full, to the least loaded one; else it waits
/// at the gate and goes to the least loaded one as soon as there is room. Only take() belongs to one thread.
class worker_mailboxes {
  auto to_least_loaded(unsigned active) noexcept {
    return [this, active](detail::node& token, auto prepare) {
      return of_worker_[least_loaded(active)]->try_push(token, prepare);
    };
  }

 public:
  worker_mailboxes(unsigned workers, std::size_t capacity, gate_slots& slots) : gate_(slots) {
    for (unsigned i = 0; i < workers; ++i) of_worker_.push_back(std::make_unique<mailbox>(capacity));
  }

  /// `local` is below `active`, the number of workers that tokens are given to.
  bool offer(detail::node& token, unsigned local, unsigned active, bool on_credit) noexcept {
    if (gate_.free()) [[likely]] {
      const auto passed = admission_gate::passed_by(token);
      if (of_worker_[local]->try_push(token, passed) || of_worker_[least_loaded(active)]->try_push(token, passed))
        return true;
    }
    return gate_.enter(token, on_credit, to_least_loaded(active));
  }

  /// The mailboxes in turn, also those of workers that are not active any more.
  detail::node* take(unsigned active) noexcept {
    detail::node* const token = pop();
    if (!gate_.may_admit()) [[likely]]
      return token;
    gate_.admit(to_least_loaded(active));
    return token != nullptr ? token : pop();
  }

  /// The smallest mailbox of the first `active`, the first one at a draw.
  [[nodiscard]] unsigned least_loaded(unsigned active) const noexcept {
    unsigned least = 0;
    std::size_t load = of_worker_[0]->size();
    for (unsigned i = 1; i < active; ++i) {
      const std::size_t size = of_worker_[i]->size();
      if (size >= load) continue;
      load = size;
      least = i;
    }
    return least;
  }
  [[nodiscard]] std::size_t admitted_at(unsigned local) const noexcept { return of_worker_[local]->size(); }

  // What a lane's queues are asked; as in lanes::lane.
  [[nodiscard]] bool empty() const noexcept {
    for (const auto& each : of_worker_)
      if (!each->empty()) return false;
    return !gate_.may_admit();
  }
  [[nodiscard]] std::size_t waiting() const noexcept { return gate_.waiting(); }
  [[nodiscard]] std::size_t admitted() const noexcept {
    std::size_t sum = 0;
    for (const auto& each : of_worker_) sum += each->size();
    return sum;
  }
  [[nodiscard]] std::uint64_t accepted() const noexcept {
    std::uint64_t sum = 0;
    const auto let_in = gate_.admitted();  // before pushes(): errs on the high side
    for (const auto& each : of_worker_) sum += each->pushes();
    return sum + gate_.entered() - let_in;
  }
  void close() noexcept { gate_.close(); }
  void open() noexcept { gate_.open(); }
  std::size_t drain(bool (*wanted)(const detail::node&, void*), void (*each)(detail::node&, void*),
                    void* context) noexcept {
    return gate_.drain(wanted, each, context);
  }

 private:
  detail::node* pop() noexcept {
    for (std::size_t i = 0; i < of_worker_.size(); ++i) {
      mailbox& next = *of_worker_[turn_];
      turn_ = turn_ + 1 == of_worker_.size() ? 0 : turn_ + 1;
      if (detail::node* const token = next.try_pop()) return token;
    }
    return nullptr;
  }

  std::vector<std::unique_ptr<mailbox>> of_worker_;
  admission_gate gate_;
  std::size_t turn_ = 0;  // of take()
};

}  // namespace tokengate::lanes
