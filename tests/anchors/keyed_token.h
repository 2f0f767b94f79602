// A token with a key of a sticky anchor, that is never run.
#pragma once

#include <cstdint>

#include <tokengate/core/node.h>

namespace tokengate::testing {

class keyed_token final : public detail::node {
 public:
  keyed_token(std::uint64_t id, std::uint64_t key) : node(kind, attributes{.anchored = true, .exclusive = true}) {
    extra_.key = key;
    creator = 0;
    operation = 0;
    begin(id, token_state::admitted, queued);
  }
  /// For containers, before anything points to it.
  keyed_token(keyed_token&& other) noexcept : keyed_token(other.id(), other.key()) {}

  [[nodiscard]] std::uint64_t key() const noexcept { return extra_.key; }

 private:
  static token_state run(node&) noexcept { return token_state::completed; }
  static void destroy(node&) noexcept {}
  static std::exception_ptr failure_of(const node&) noexcept { return {}; }
  static detail::node_extra& extra_of(node& base) noexcept { return static_cast<keyed_token&>(base).extra_; }
  static constexpr detail::node_type kind{&run, &destroy, &failure_of, &extra_of};

  detail::anchored_extra extra_;
};

}  // namespace tokengate::testing
