// An argument for tests of anchors: something to do that makes no difference to the key.
#pragma once

#include <concepts>
#include <functional>
#include <utility>

namespace tokengate::testing {

class aside {
 public:
  aside() = default;
  template <std::invocable What>
    requires(!std::same_as<std::remove_cvref_t<What>, aside>)
  aside(What what) : what_(std::move(what)) {}  // NOLINT: stands for the lambda

  void run() const {
    if (what_) what_();
  }

  friend void fingerprint_append(auto&, const aside&) {}

 private:
  std::function<void()> what_;
};

}  // namespace tokengate::testing
