// Sticky anchors: tokens of one key in flight share a core and keep their order, however each of them ends.
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/refuse_when_full.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/tests/lanes/aside.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using testing::all_shapes;
using testing::aside;
using testing::blockade;
using testing::eventually;
using testing::every_shape;
using testing::gate;
using testing::name_of_shape;
using testing::runtime_test;

unsigned run(const aside& what) {
  what.run();
  return this_token::core();
}

TOKENGATE_OPERATION(unsigned, read_entry, (int, aside what = {}), sticky_anchor{"ledger"}) { return run(what); }
TOKENGATE_OPERATION(unsigned, write_entry, (int, aside what = {}), sticky_anchor{"ledger"}, weight::heavy) {
  return run(what);
}
TOKENGATE_OPERATION(unsigned, late_entry, (int, aside what = {}), sticky_anchor{"ledger"}, timeout{20ms}) {
  return run(what);
}
TOKENGATE_OPERATION(unsigned, stored_entry, (int, aside what = {}), sticky_anchor{"ledger"}, storage_speed::slow) {
  return run(what);
}
TOKENGATE_OPERATION(unsigned, other_anchor, (int, aside what = {}), sticky_anchor{"journal"}) { return run(what); }
struct refusing {
  friend void fingerprint_append(auto&, const refusing&) { throw std::invalid_argument("no fingerprint today"); }
};
TOKENGATE_OPERATION(void, without_key, (refusing), sticky_anchor{"ledger"}) {}
TOKENGATE_APPLICATION(sticky_application);

class sticky : public runtime_test {
 protected:
  [[nodiscard]] std::uint64_t pinned_tokens() const {
    std::uint64_t sum = 0;
    for (const auto& each : running().pins()) sum += each.tokens;
    return sum;
  }
};

TEST_F(sticky, tokens_of_a_key_in_flight_share_a_core_whichever_operation_and_whoever_makes_them) {
  start(small(4, 2, 64));
  for (int key = 0; key < 20; ++key) {
    gate held;
    auto first = read_entry(key, [&] { held.pass(); });
    std::vector<token<unsigned>> others;
    std::vector<token<void>> makers;
    std::atomic<unsigned> wrong{0};
    for (int i = 0; i < 10; ++i) {
      others.push_back(read_entry(key));
      others.push_back(write_entry(key));
      makers.push_back(submit([&wrong, key] {
        const unsigned one = read_entry(key).get(), other = write_entry(key).get();
        if (one != other) ++wrong;
      }));
    }
    gather(std::move(makers));
    EXPECT_EQ(wrong, 0u);
    const auto cores = gather(std::move(others));
    held.open();
    const unsigned core = first.get();
    for (const unsigned each : cores) EXPECT_EQ(each, core);
    EXPECT_TRUE(running().pins().empty());
  }
}

TEST_F(sticky, keys_differ_by_anchor_and_arguments_and_spread_over_the_cores) {
  start(small(4, 2, 64));
  std::set<unsigned> cores;
  for (int key = 0; key < 64; ++key) cores.insert(read_entry(key).get());
  EXPECT_EQ(cores.size(), 4u);
  gate held;
  std::vector<token<unsigned>> tokens;
  for (int key = 0; key < 3; ++key) {
    tokens.push_back(read_entry(key, [&] { held.pass(); }));
    tokens.push_back(write_entry(key, [&] { held.pass(); }));
    tokens.push_back(other_anchor(key, [&] { held.pass(); }));
  }
  const auto pins = running().pins();
  ASSERT_EQ(pins.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(pins[i].anchor, i < 3 ? "journal" : "ledger");
    EXPECT_EQ(pins[i].tokens, i < 3 ? 1u : 2u);
    EXPECT_LT(pins[i].core, 4u);
  }
  held.open();
  gather(std::move(tokens));
}

TEST_F(sticky, a_key_comes_back_to_its_core) {
  start(small(4, 2, 64));
  std::array<unsigned, 50> before{};
  for (std::size_t key = 0; key < before.size(); ++key) before[key] = read_entry(static_cast<int>(key)).get();
  for (std::size_t key = 0; key < before.size(); ++key) EXPECT_EQ(read_entry(static_cast<int>(key)).get(), before[key]);
}

// Of the two cores that a key names the one takes it where far less waits.
TEST_F(sticky, a_new_key_evades_a_core_with_a_long_queue) {
  start(small(2, 1, 1024));
  blockade busy;
  const int crowded_key = 1;
  const unsigned blocked = read_entry(crowded_key).get();
  std::vector<token<unsigned>> tokens;
  tokens.push_back(read_entry(crowded_key, [&] { busy.hold(); }));
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  for (int i = 0; i < 100; ++i) tokens.push_back(read_entry(crowded_key));
  for (int key = 1000; key < 1064; ++key) EXPECT_NE(read_entry(key).get(), blocked) << "else this would never end";
  busy.lift();
  gather(std::move(tokens));
}

TEST_F(sticky, a_pin_is_counted) {
  start(small(2, 2, 64));
  gate first, second;
  auto one = read_entry(7, [&] { first.pass(); });
  auto other = read_entry(7, [&] { second.pass(); });
  EXPECT_EQ(pinned_tokens(), 2u);
  first.open();
  one.get();
  EXPECT_EQ(pinned_tokens(), 1u) << "the first one's end leaves the pin to the second";
  second.open();
  other.get();
  EXPECT_EQ(pinned_tokens(), 0u);
}

// Each end is seen by who waits for the token, and the pin is gone by then.
TEST_F(sticky, a_pin_goes_with_its_last_token_however_that_ends) {
  start(small(1, 1, 2));
  const auto gone = [this](const char* how) { EXPECT_TRUE(running().pins().empty()) << how; };
  static_cast<void>(read_entry(1).get());
  gone("completed");
  auto failed = read_entry(1, [] { throw std::runtime_error("as planned"); });
  EXPECT_THROW(failed.get(), std::runtime_error);
  gone("failed");
  gate never;
  auto suspended = read_entry(1, [&] { never.pass(); });
  ASSERT_TRUE(eventually([&] { return never.waiting() == 1; }));
  EXPECT_TRUE(suspended.kill());
  EXPECT_THROW(suspended.get(), token_killed);
  gone("killed while it waits");
  auto late = late_entry(1, [&] { never.pass(); });
  EXPECT_THROW(late.get(), token_timed_out);
  gone("timed out while it waits");
  EXPECT_THROW(without_key(refusing{}), std::invalid_argument);
  gone("without a key");

  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  auto queued = read_entry(1);
  EXPECT_TRUE(queued.kill());
  EXPECT_THROW(queued.get(), token_killed);
  gone("killed in its mailbox");
  auto detached = read_entry(1);
  const auto id = detached.id();
  detached.detach();
  EXPECT_EQ(pinned_tokens(), 1u);
  EXPECT_TRUE(running().kill(id));
  gone("killed in its mailbox by its id, after its handle had gone");
  auto overdue = late_entry(1);
  EXPECT_THROW(overdue.get(), token_timed_out);
  gone("timed out in its mailbox");
  busy.lift();
  holder.get();

  running().pause();
  auto held = read_entry(1);
  EXPECT_EQ(pinned_tokens(), 1u);
  EXPECT_EQ(running().drain(), 1u);
  EXPECT_THROW(held.get(), token_killed);
  gone("drained");
  running().resume();
}

TEST_F(sticky, what_is_not_submitted_leaves_no_pin) {
  auto wanted = small(1, 1, 1);
  wanted.max_waiting = 1;
  start(wanted);
  blockade busy;
  std::vector<token<unsigned>> tokens;
  tokens.push_back(read_entry(1, [&] { busy.hold(); }));
  ASSERT_TRUE(eventually([&] { return busy.holding() == 1; }));
  {
    const refuse_when_full refused;
    try {
      for (int key = 0; key < 100; ++key) tokens.push_back(read_entry(key));
      ADD_FAILURE() << "the mailbox never was full";
    } catch (const mailbox_full&) {
    }
  }
  EXPECT_EQ(pinned_tokens(), tokens.size());
  busy.lift();
  gather(std::move(tokens));
  running().stop();
  const coordinator::scope meant(running());
  EXPECT_THROW(read_entry(1), coordinator_stopped);
  EXPECT_TRUE(running().pins().empty());
}

TEST_F(sticky, a_hard_stop_leaves_no_pin) {
  auto wanted = small(2, 1, 4);
  wanted.drain_for = 0ns;
  start(wanted);
  gate never;
  std::vector<token<unsigned>> tokens;
  for (int i = 0; i < 40; ++i) tokens.push_back(read_entry(i % 5, [&] { never.pass(); }));
  running().stop();
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_killed);
  EXPECT_TRUE(running().pins().empty());
}

class sticky_on : public every_shape {};
INSTANTIATE_TEST_SUITE_P(shape, sticky_on, all_shapes(), name_of_shape);

TEST_P(sticky_on, tokens_of_a_key_begin_in_the_order_in_which_they_were_submitted) {
  start_shape();
  constexpr std::size_t keys = 3, tokens_each = 60;
  struct {
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> wrong{0};
  } seen[keys];
  const auto turn = [&seen](std::size_t key, std::size_t number) {
    if (seen[key].next.fetch_add(1) != number) ++seen[key].wrong;
  };
  const auto send = [&turn](std::size_t key) {
    std::vector<token<unsigned>> tokens;
    for (std::size_t i = 0; i < tokens_each; ++i) {
      const auto what = [&turn, key, i] {
        turn(key, i);
        if (i % 3 == 0) this_token::yield();
      };
      const int number = static_cast<int>(key);
      tokens.push_back(i % 2 == 0 ? read_entry(number, what) : write_entry(number, what));
    }
    // Whoever waits for the last one first must not have it run before the others.
    for (std::size_t i = tokens.size(); i-- > 0;) static_cast<void>(tokens[i].get());
  };
  std::vector<token<void>> inside;
  inside.push_back(submit(send, std::size_t{0}));
  std::thread outside(send, 1);
  send(2);
  outside.join();
  gather(std::move(inside));
  for (const auto& each : seen) {
    EXPECT_EQ(each.next, tokens_each);
    EXPECT_EQ(each.wrong, 0u);
  }
}

TEST_F(sticky, who_waits_runs_the_only_one_of_its_key_in_place_and_no_other) {
  start(small(1, 1, 64));
  const auto before = sum(&core_statistics::ran_inline);
  submit([] { static_cast<void>(read_entry(1).get()); }).get();
  EXPECT_EQ(sum(&core_statistics::ran_inline) - before, 1u);
  std::vector<int> order;
  submit([&order] {
    auto first = read_entry(1, [&order] { order.push_back(1); });
    auto second = read_entry(1, [&order] { order.push_back(2); });
    static_cast<void>(second.get());
    static_cast<void>(first.get());
  }).get();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(sticky, waiting_for_a_permit_keeps_the_pin) {
  auto wanted = small(2, 1, 64);
  wanted.storage.slow = 1;
  start(wanted);
  gate held;
  auto first = stored_entry(1, [&] { held.pass(); });
  ASSERT_TRUE(eventually([&] { return held.waiting() == 1; }));
  auto second = stored_entry(1), third = stored_entry(2);
  EXPECT_TRUE(second.kill());
  EXPECT_THROW(second.get(), token_killed);
  EXPECT_EQ(running().pins().size(), 2u);
  held.open();
  static_cast<void>(first.get());
  static_cast<void>(third.get());
  EXPECT_TRUE(running().pins().empty());
}

}  // namespace
}  // namespace tokengate
