// Puts a policy behind the face that cores know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <tokengate/lanes/lane.h>
#include <tokengate/lanes/lane_macro.h>
#include <tokengate/lanes/lane_policy.h>

namespace tokengate::lanes {

/// One policy on one core.
template <lane_policy Policy>
class lane_adapter final : public lane {
 public:
  lane_adapter(const lane_setup& setup, typename Policy::router& routes, unsigned core)
      : policy_(setup, routes, core) {}

  bool offer(detail::node& token, unsigned slot, bool on_credit) noexcept override {
    return policy_.offer(token, slot, on_credit);
  }
  detail::node* take() noexcept override { return policy_.take(); }
  detail::node* give() noexcept override {
    if constexpr (gives)
      return policy_.give();
    else
      return nullptr;
  }
  [[nodiscard]] std::size_t gives_at_once() const noexcept override {
    if constexpr (requires { Policy::gives_at_once; })
      return Policy::gives_at_once;
    else
      return 1;
  }

  [[nodiscard]] bool empty() const noexcept override {
    for (auto& queue : queues())
      if (!queue.empty()) return false;
    return true;
  }
  [[nodiscard]] bool has_loot() const noexcept override { return gives && !empty(); }
  [[nodiscard]] std::size_t waiting() const noexcept override {
    std::size_t sum = 0;
    for (auto& queue : queues()) sum += queue.waiting();
    return sum;
  }
  [[nodiscard]] std::size_t admitted() const noexcept override {
    std::size_t sum = 0;
    for (auto& queue : queues()) sum += queue.admitted();
    return sum;
  }
  [[nodiscard]] std::uint64_t accepted() const noexcept override {
    std::uint64_t sum = 0;
    for (auto& queue : queues()) sum += queue.accepted();
    return sum;
  }

  void ran([[maybe_unused]] weight what, [[maybe_unused]] std::uint64_t ticks) noexcept override {
    if constexpr (policy_detail::has_ran<Policy>) policy_.ran(what, ticks);
  }
  void set_active([[maybe_unused]] unsigned workers) noexcept override {
    if constexpr (policy_detail::has_set_active<Policy>) policy_.set_active(workers);
  }

  void close() noexcept override {
    for (auto& queue : queues()) queue.close();
  }
  void open() noexcept override {
    for (auto& queue : queues()) queue.open();
  }
  std::size_t drain(token_filter wanted, token_sink each, void* context) noexcept override {
    std::size_t count = 0;
    for (auto& queue : queues()) count += queue.drain(wanted, each, context);
    return count;
  }

 private:
  static constexpr bool gives = policy_detail::has_give<Policy>;

  // Asking for the queues changes nothing; what is done with them is up to the caller.
  decltype(auto) queues() const noexcept { return const_cast<Policy&>(policy_).queues(); }

  Policy policy_;
};

template <lane_policy Policy>
class variant_adapter final : public lane_variant {
 public:
  explicit variant_adapter(const lane_setup& setup) : setup_(setup), routes_(setup_) {}

  std::unique_ptr<lane> make_lane(unsigned core) override {
    return std::make_unique<lane_adapter<Policy>>(setup_, routes_, core);
  }
  [[nodiscard]] bool gives() const noexcept override { return policy_detail::has_give<Policy>; }
  destination route(const detail::node& token) noexcept override { return routes_.route(token); }

 private:
  const lane_setup setup_;
  typename Policy::router routes_;
};

/// For lane_factory::make. Of a refused policy nothing is made: its mistakes have been named.
template <class Policy>
std::unique_ptr<lane_variant> make(const lane_setup& setup) {
  if constexpr (lane_policy<Policy>)
    return std::make_unique<variant_adapter<Policy>>(setup);
  else
    return nullptr;
}

}  // namespace tokengate::lanes
