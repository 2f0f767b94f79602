// Calls that would block a core, made elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tokengate/core/host.h>

namespace tokengate::io {

/// Runs `function(context)` on a thread of the pool while the calling fiber is suspended. Internal to io/.
void run_offloaded(void (*function)(void*), void* context);

/// Calls `function()` on a thread of the pool; the fiber waits for it and its core goes on. Returns what it returns,
/// throws what it throws. On a plain thread it is simply called. The storage permit is kept meanwhile. When the
/// coordinator stops hard, a call that has begun is waited for: make it finite.
template <class Function>
std::invoke_result_t<Function> blocking(Function&& function) {
  using result = std::invoke_result_t<Function>;
  if (detail::host::current() == nullptr) return std::invoke(std::forward<Function>(function));
  const auto offloaded = [](auto& body) {
    run_offloaded([](void* context) { (*static_cast<std::remove_reference_t<decltype(body)>*>(context))(); }, &body);
  };
  if constexpr (std::is_void_v<result>) {
    auto body = [&] { std::invoke(std::forward<Function>(function)); };
    offloaded(body);
  } else if constexpr (std::is_reference_v<result>) {
    std::remove_reference_t<result>* returned = nullptr;
    auto body = [&] {
      result&& value = std::invoke(std::forward<Function>(function));
      returned = std::addressof(value);
    };
    offloaded(body);
    return static_cast<result>(*returned);
  } else {
    std::optional<std::remove_const_t<result>> returned;
    auto body = [&] { returned.emplace(std::invoke(std::forward<Function>(function))); };
    offloaded(body);
    return std::move(*returned);
  }
}

}  // namespace tokengate::io
