// Memory for an array that grows and shrinks by much: whole pages, which go back to the system at once.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <sys/mman.h>

namespace tokengate::lanes {

/// A fixed number of value-initialised T. From the heap it would not do: what was once a large array stays there, in
/// the free memory of the arena of a thread, up to 64 MB of it.
template <class T>
class page_array {
 public:
  static_assert(std::is_trivially_destructible_v<T> && std::is_nothrow_default_constructible_v<T>);

  page_array() = default;
  /// Throws std::bad_alloc.
  explicit page_array(std::size_t count) : bytes_(count * sizeof(T)) {
    void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    all_ = static_cast<T*>(memory);
    std::uninitialized_value_construct_n(all_, count);
  }
  page_array(page_array&& other) noexcept
      : all_(std::exchange(other.all_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  page_array& operator=(page_array&& other) noexcept {
    swap(other);
    return *this;
  }
  ~page_array() {
    if (all_ != nullptr) ::munmap(all_, bytes_);
  }
  void swap(page_array& other) noexcept {
    std::swap(all_, other.all_);
    std::swap(bytes_, other.bytes_);
  }

  [[nodiscard]] T& operator[](std::size_t place) const noexcept { return all_[place]; }
  [[nodiscard]] T* data() const noexcept { return all_; }

 private:
  T* all_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace tokengate::lanes
