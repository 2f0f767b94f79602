// A token without a function, for the tests of whatever holds, claims and ends tokens.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <utility>

#include <tokengate/core/node.h>

namespace tokengate::testing {

/// Lives on the heap like every node; its end adds one to `destroyed`, which outlives it.
class test_node final : public detail::node {
 public:
  explicit test_node(std::atomic<int>& destroyed) : node(kind, attributes{}), destroyed_(destroyed) {
    begin(next_id_.fetch_add(1) + 1, token_state::created, 0);
  }

  std::exception_ptr thrown;  ///< what failure() gives

 private:
  ~test_node() = default;

  static token_state run(detail::node&) noexcept { return token_state::completed; }
  static void destroy(detail::node& base) noexcept {
    auto& self = static_cast<test_node&>(base);
    auto& destroyed = self.destroyed_;
    delete &self;
    destroyed.fetch_add(1, std::memory_order_relaxed);
  }
  static std::exception_ptr failure_of(const detail::node& base) noexcept {
    return static_cast<const test_node&>(base).thrown;
  }

  static detail::node_extra& extra_of(detail::node& base) noexcept { return static_cast<test_node&>(base).extra_; }

  static constexpr detail::node_type kind{&run, &destroy, &failure_of, &extra_of};
  static inline std::atomic<std::uint64_t> next_id_{0};

  std::atomic<int>& destroyed_;
  detail::node_extra extra_;
};

/// A node that some queue holds as admitted.
inline test_node& make_admitted(std::atomic<int>& destroyed) {
  auto* const made = new test_node(destroyed);
  made->enqueue_as(token_state::admitted);
  return *made;
}

/// Ends a node that a queue gave out, with its handle.
inline void finish_and_release(detail::node& taken) {
  if (taken.claim_from_queue()) taken.finish(token_state::completed);
  taken.release(true);
}

}  // namespace tokengate::testing
