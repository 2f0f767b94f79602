// What tests of kills, deadlines and unwinding share: a coordinator of each shape, and places where its tokens are
// held.
#pragma once

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate::testing {

/// Whether `count` wait there before long.
[[nodiscard]] inline bool held_at(const gate& place, std::size_t count = 1) {
  return eventually([&] { return place.waiting() == count; });
}

class stopping_test : public every_shape {
 protected:
  void SetUp() override { start_shape(); }

  /// One token on each core keeps it busy until `wall` is lifted.
  [[nodiscard]] std::vector<token<void>> block_all_cores(blockade& wall) {
    std::vector<token<void>> busy;
    for (unsigned i = 0; i < running().cores(); ++i) busy.push_back(submit([&] { wall.hold(); }));
    EXPECT_TRUE(eventually([&] { return wall.holding() == static_cast<int>(running().cores()); }));
    return busy;
  }
};

}  // namespace tokengate::testing
