// Tokens that queues can hold and that are never run.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <tokengate/core/node.h>

namespace tokengate::testing {

class plain_token final : public detail::node {
 public:
  plain_token() : node(kind, attributes{}) {  // what else a token is given when it is made
    creator = 0;
    operation = 0;
  }

  std::size_t place = 0;  ///< in its some_tokens
  std::size_t line = 0;   ///< for tests that keep several orders apart

 private:
  static token_state run(node&) noexcept { return token_state::completed; }
  static void destroy(node&) noexcept {}
  static std::exception_ptr failure_of(const node&) noexcept { return {}; }
  static detail::node_extra& extra_of(detail::node& base) noexcept { return static_cast<plain_token&>(base).extra_; }
  static constexpr detail::node_type kind{&run, &destroy, &failure_of, &extra_of};

  detail::node_extra extra_;
};

/// Owns them, however they are claimed and ended.
class some_tokens {
 public:
  explicit some_tokens(std::size_t count) : count_(count), all_(std::make_unique<plain_token[]>(count)) {
    for (std::size_t i = 0; i < count; ++i) all_[i].place = i;
  }
  [[nodiscard]] plain_token& operator[](std::size_t place) const noexcept { return all_[place]; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  std::size_t count_;
  std::unique_ptr<plain_token[]> all_;
};

}  // namespace tokengate::testing
