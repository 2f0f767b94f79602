// A field that its owner writes like any other and that a look from outside may read at the same time.
#pragma once

#include <atomic>

namespace tokengate::detail {

/// A std::atomic<T> that may stay uninitialised (its memory keeps what it held), and that reads and writes relaxed
/// unless told otherwise. For the fields of nodes: a snapshot (snapshot.h) reads them while their owner sets them, and
/// draws no conclusion about other memory from what it reads.
template <class T>
class shared_field {
 public:
  shared_field() noexcept = default;  // NOLINT: keeps what the memory holds
  shared_field(T value) noexcept {
    store(value, std::memory_order_relaxed);
  }  // NOLINT: as plain as the type it stands for
  shared_field(const shared_field&) = delete;
  shared_field& operator=(const shared_field&) = delete;
  T operator=(T value) noexcept {  // NOLINT: like std::atomic
    store(value, std::memory_order_relaxed);
    return value;
  }
  operator T() const noexcept { return load(std::memory_order_relaxed); }  // NOLINT: as above

  [[nodiscard]] T load(std::memory_order order) const noexcept { return reference().load(order); }
  void store(T value, std::memory_order order) noexcept { reference().store(value, order); }
  T fetch_add(T value, std::memory_order order) noexcept { return reference().fetch_add(value, order); }
  T fetch_and(T value, std::memory_order order) noexcept { return reference().fetch_and(value, order); }
  /// On failure `expected` is loaded anew (acquire).
  bool compare_exchange(T& expected, T wanted, std::memory_order order) noexcept {
    return reference().compare_exchange_weak(expected, wanted, order, std::memory_order_acquire);
  }

 private:
  std::atomic_ref<T> reference() const noexcept { return std::atomic_ref<T>(value_); }

  alignas(std::atomic_ref<T>::required_alignment) mutable T value_;
};

}  // namespace tokengate::detail
