// Observers that write down what they are told, by token.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/observe.h>
#include <tokengate/core/submit.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate::testing {

using path = std::vector<token_state>;

/// What observers saw, by token, in the order in which they were called.
class log {
 public:
  void note(const state_change& change) {
    const std::scoped_lock lock(mutex_);
    all_[change.token].push_back(change);
  }
  std::function<void(const state_change&)> observer() {
    return [this](const state_change& change) { note(change); };
  }
  /// The states a token went through; empty if one step does not begin where the one before ended.
  path of(std::uint64_t token) const {
    const std::scoped_lock lock(mutex_);
    const auto found = all_.find(token);
    if (found == all_.end()) return {};
    path steps{found->second.front().from};
    for (const auto& each : found->second) {
      if (each.from != steps.back()) return {};
      steps.push_back(each.to);
    }
    return steps;
  }
  state_change last_of(std::uint64_t token) const {
    const std::scoped_lock lock(mutex_);
    return all_.at(token).back();
  }
  std::vector<std::uint64_t> tokens() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::uint64_t> ids;
    for (const auto& [id, changes] : all_) ids.push_back(id);
    return ids;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::vector<state_change>> all_;
};

class observed_test : public runtime_test {
 protected:
  coordinator& start_observed(const options& wanted) {
    auto& system = start(wanted);
    observing = system.observe(seen.observer());
    return system;
  }
  /// Keeps the only core busy until lift().
  void block_the_core() {
    holder = submit([this] { busy.hold(); });
    EXPECT_TRUE(eventually([this] { return busy.holding() == 1; }));
  }
  void lift() {
    busy.lift();
    holder.get();
  }

  log seen;
  observation observing;
  blockade busy;
  token<void> holder;
};

}  // namespace tokengate::testing
