// What others want of a token: that it stops, and why.
#pragma once

#include <cstdint>

#include <tokengate/core/shared_field.h>

namespace tokengate::detail {

/// Why a token is asked to stop.
enum class stop_cause : std::uint8_t { killed, late };

/// One word: the id of the token it is about, flags, and the number of the reason (stop_reason.h). Written by any
/// thread that wants the token stopped, once per token: the first request counts. The token's core looks at it when the
/// token is claimed and at every suspension point; nothing else hangs on it, so the order is relaxed except that who
/// sees a request sees the reason (release and acquire).
class stop_request {
 public:
  /// For a new token; plain, before anybody else knows it.
  void clear(std::uint64_t id) noexcept { word_.store(id << id_shift, std::memory_order_relaxed); }

  [[nodiscard]] bool made() const noexcept { return (word_.load(std::memory_order_relaxed) & stop) != 0; }
  [[nodiscard]] bool made_late() const noexcept { return (word_.load(std::memory_order_relaxed) & late) != 0; }
  [[nodiscard]] bool abandoned() const noexcept { return (word_.load(std::memory_order_acquire) & lost) != 0; }
  [[nodiscard]] std::uint32_t reason() const noexcept {
    return static_cast<std::uint32_t>(word_.load(std::memory_order_acquire) >> reason_shift) & reason_mask;
  }

  /// True when this call made the request: the token is still the one with this id and was not asked before.
  bool make(std::uint64_t id, stop_cause cause, std::uint32_t reason) noexcept {
    const std::uint64_t flags = stop | (cause == stop_cause::late ? late : 0);
    return set(id, stop, flags | std::uint64_t{reason & reason_mask} << reason_shift);
  }
  /// Its coordinator has stopped without it; waiters are not to wait for it any more.
  bool give_up(std::uint64_t id) noexcept { return set(id, lost, lost); }

  static constexpr std::uint32_t reason_mask = 0xfff;

 private:
  static constexpr std::uint64_t stop = 1, late = 2, lost = 4;
  static constexpr unsigned reason_shift = 4, id_shift = 16;

  bool set(std::uint64_t id, std::uint64_t unless, std::uint64_t flags) noexcept {
    auto word = word_.load(std::memory_order_relaxed);
    while ((word & unless) == 0 && word >> id_shift == (id << id_shift) >> id_shift)
      if (word_.compare_exchange(word, word | flags, std::memory_order_acq_rel)) return true;
    return false;
  }

  shared_field<std::uint64_t> word_;
};

}  // namespace tokengate::detail
