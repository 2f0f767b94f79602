// A running coordinator whose end is checked: whatever a test did, all its tokens must have ended.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/unobserved.h>
#include <tokengate/lanes/coordinator.h>

namespace tokengate::testing {

/// Counts how many of it live. As an argument, result or exception it tells whether those are destroyed, and when.
class tracked {
 public:
  tracked() noexcept { live_.fetch_add(1); }
  explicit tracked(int of) noexcept : value(of) { live_.fetch_add(1); }
  tracked(const tracked& other) noexcept : value(other.value) { live_.fetch_add(1); }
  tracked(tracked&& other) noexcept : value(other.value) { live_.fetch_add(1); }
  tracked& operator=(const tracked&) = default;
  ~tracked() { live_.fetch_sub(1); }

  [[nodiscard]] static int live() noexcept { return live_.load(); }

  int value = 0;

 private:
  static inline std::atomic<int> live_{0};
};

/// Looks until `condition` holds, some seconds at most; then the test has failed.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// The message of the `Error` that `token` throws when it is asked for its result; empty when it throws none.
template <class Error, class Token>
[[nodiscard]] std::string why(Token& token) {
  try {
    static_cast<void>(token.get());
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

class runtime_test : public ::testing::Test {
 protected:
  runtime_test()
      : previous_handler_(set_unobserved_failure_handler(nullptr)), failures_before_(unobserved_failures()) {}
  ~runtime_test() override { set_unobserved_failure_handler(previous_handler_); }

  /// A coordinator that runs until the end of the test.
  coordinator& start(const options& wanted = {}) {
    auto started = std::make_unique<coordinator>(wanted);
    started->start();
    coordinator_ = std::move(started);
    return *coordinator_;
  }
  static options small(unsigned cores, unsigned workers, std::size_t mailbox_capacity) {
    options wanted;
    wanted.cores = cores;
    wanted.workers = workers;
    wanted.mailbox_capacity = mailbox_capacity;
    return wanted;
  }
  [[nodiscard]] coordinator& running() const { return *coordinator_; }

  /// The sum of one counter over all cores.
  [[nodiscard]] std::uint64_t sum(std::uint64_t core_statistics::*counter) const {
    std::uint64_t all = 0;
    for (const auto& core : coordinator_->statistics_of_cores()) all += core.*counter;
    return all;
  }
  /// One counter over all operations.
  [[nodiscard]] std::uint64_t sum(std::uint64_t operation_statistics::*counter) const {
    std::uint64_t all = 0;
    for (const auto& operation : coordinator_->statistics()) all += operation.*counter;
    return all;
  }
  /// Tokens that ended, by the counters of their operations.
  [[nodiscard]] std::uint64_t ended() const { return sum(&operation_statistics::tokens); }

  /// The failures that nobody had observed when the test began.
  [[nodiscard]] std::uint64_t failures_before() const noexcept { return failures_before_; }

  void TearDown() override {
    if (coordinator_ != nullptr) {
      coordinator_->stop();
      check_that_all_ended();
      coordinator_.reset();
    }
    EXPECT_EQ(unobserved_failures() - failures_before_, expected_unobserved);
    EXPECT_TRUE(eventually([] { return tracked::live() == 0; })) << tracked::live() << " arguments or results leaked";
  }

  std::uint64_t expected_unobserved = 0;  ///< failures that the test lets go unobserved

 private:
  void check_that_all_ended() const {
    // Each core counts what it ended; what was killed or timed out in a queue nobody had taken it from comes on top.
    std::uint64_t on_cores = 0;
    for (const auto& operation : coordinator_->statistics()) {
      const auto here = std::accumulate(operation.tokens_per_core.begin(), operation.tokens_per_core.end(), 0ull);
      EXPECT_GE(operation.tokens, here) << operation.name;
      EXPECT_LE(operation.tokens - here, operation.killed + operation.timeouts) << operation.name;
      on_cores += here;
    }
    EXPECT_EQ(sum(&core_statistics::finished), on_cores);
    for (const auto& core : coordinator_->statistics_of_cores()) {
      EXPECT_EQ(core.waiting, 0u);
      EXPECT_EQ(core.admitted, 0u);
    }
    EXPECT_TRUE(coordinator_->domains().empty()) << "a lead's domain was left open";
    EXPECT_TRUE(coordinator_->pins().empty()) << "a pin was not given back";
    for (const auto tier : {storage_speed::slow, storage_speed::moderate, storage_speed::fast, storage_speed::insane}) {
      const auto permits = coordinator_->statistics_of(tier);
      EXPECT_EQ(permits.held, 0u) << "a permit was not given back";
      EXPECT_EQ(permits.waiting, 0u);
    }
  }

  std::unique_ptr<coordinator> coordinator_;
  unobserved_failure_handler previous_handler_;
  std::uint64_t failures_before_;
};

/// The same under every combination of few and many cores, workers and places in a mailbox.
class every_shape : public runtime_test,
                    public ::testing::WithParamInterface<std::tuple<unsigned, unsigned, std::size_t>> {
 protected:
  static options shape() {
    const auto& [cores, workers, mailbox_capacity] = GetParam();
    return small(cores, workers, mailbox_capacity);
  }
  coordinator& start_shape() { return start(shape()); }
};

inline std::string name_of_shape(const ::testing::TestParamInfo<every_shape::ParamType>& shape) {
  const auto& [cores, workers, mailbox_capacity] = shape.param;
  return std::to_string(cores) + "_cores_" + std::to_string(workers) + "_workers_mailbox_of_" +
         std::to_string(mailbox_capacity);
}

inline auto all_shapes() {
  return ::testing::Combine(::testing::Values(1u, 2u, 3u, 8u), ::testing::Values(1u, 2u, 4u),
                            ::testing::Values(std::size_t{1}, std::size_t{2}, std::size_t{1024}));
}

}  // namespace tokengate::testing
