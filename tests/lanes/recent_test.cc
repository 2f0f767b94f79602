#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/lanes/recent.h>
#include <tokengate/tests/lanes/gate.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using namespace std::chrono_literals;
using lanes::recent_ring;
using testing::blockade;
using testing::eventually;
using testing::runtime_test;

TOKENGATE_OPERATION(int, quick, (int x)) { return x; }
TOKENGATE_OPERATION(void, fails, ()) { throw std::runtime_error("as planned"); }
TOKENGATE_OPERATION(void, takes, (std::chrono::microseconds time)) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
  }
}
TOKENGATE_OPERATION(int, parent, (int children), external_calls{quick}) {
  std::vector<token<int>> all;
  for (int i = 0; i < children; ++i) all.push_back(quick(i));
  return static_cast<int>(gather(std::move(all)).size());
}
TOKENGATE_OPERATION(void, waits_for_ever, ()) {
  for (;;) this_token::sleep_for(1h);
}
TOKENGATE_APPLICATION(recent_application);

recent_ring::entry numbered(std::uint64_t n) {
  return {.token = n,
          .queue_wait = n + 1,
          .run_time = n + 2,
          .ended = n + 3,
          .operation = static_cast<std::uint32_t>(n + 4),
          .end = n % 2 == 0 ? token_state::completed : token_state::timeout,
          .worker = static_cast<std::uint32_t>((n + 5) & 0xffffff)};
}

bool is_whole(const recent_ring::entry& read) {
  const auto made = numbered(read.token);
  return read.queue_wait == made.queue_wait && read.run_time == made.run_time && read.ended == made.ended &&
         read.operation == made.operation && read.end == made.end && read.worker == made.worker;
}

std::vector<recent_ring::entry> all_of(const recent_ring& ring) {
  std::vector<recent_ring::entry> all;
  ring.read(all);
  return all;
}

TEST(recent_ring, keeps_the_newest_and_gives_them_newest_first) {
  recent_ring ring;
  EXPECT_TRUE(all_of(ring).empty());
  std::uint64_t made = 0;
  for (const std::uint64_t many : {std::uint64_t{1}, std::uint64_t{recent_ring::size - 1}, std::uint64_t{1000}}) {
    for (std::uint64_t i = 0; i < many; ++i) ring.add(numbered(++made));
    const auto all = all_of(ring);
    ASSERT_EQ(all.size(), std::min<std::uint64_t>(made, recent_ring::size));
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].token, made - i);
      EXPECT_TRUE(is_whole(all[i]));
    }
  }
}

TEST(recent_ring, no_reader_sees_half_an_entry) {
  recent_ring ring;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t n = 1; !stop.load(); ++n) {
      ring.add(numbered(n));
      if (n % 4096 == 0) std::this_thread::yield();
    }
  });
  std::uint64_t read = 0, torn = 0, disordered = 0;
  for (int look = 0; look < 3000 || read == 0; ++look) {
    std::uint64_t before = UINT64_MAX;
    for (const auto& each : all_of(ring)) {
      ++read;
      torn += is_whole(each) ? 0 : 1;
      disordered += each.token < before ? 0 : 1;
      before = each.token;
    }
  }
  stop.store(true);
  writer.join();
  EXPECT_EQ(torn, 0u) << "of " << read;
  EXPECT_EQ(disordered, 0u);
}

class recent : public runtime_test {
 protected:
  static options exact(unsigned cores, unsigned workers, std::size_t mailbox_capacity) {
    auto wanted = small(cores, workers, mailbox_capacity);
    wanted.timing = timing::exact;
    return wanted;
  }
};

TEST_F(recent, nothing_before_the_first_run) {
  const coordinator idle;
  EXPECT_TRUE(idle.recent().empty());
}

TEST_F(recent, with_exact_times_every_token_is_there_newest_first) {
  auto& system = start(exact(2, 2, 64));
  const auto before = std::chrono::system_clock::now();
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 100; ++i) {
    auto made = quick(i);
    ids.push_back(made.id());
    made.get();
  }
  const auto all = system.recent(1000);
  ASSERT_EQ(all.size(), 100u) << "one after the other on two cores: each core remembers its own";
  std::reverse(ids.begin(), ids.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].operation, "quick");
    EXPECT_EQ(all[i].end, token_state::completed);
    EXPECT_LT(all[i].core, 2u);
    EXPECT_LT(all[i].worker, 64u) << "numbers are given again";
    EXPECT_GT(all[i].ended, before - 1s);
    EXPECT_LT(all[i].ended, std::chrono::system_clock::now() + 1s);
    if (i > 0) {
      EXPECT_LE(all[i].ended, all[i - 1].ended);
    }
  }
  std::set<std::uint64_t> seen;
  for (const auto& each : all) seen.insert(each.token);
  EXPECT_EQ(seen, std::set<std::uint64_t>(ids.begin(), ids.end()));
  EXPECT_EQ(system.recent().size(), 50u) << "the default limit";
  EXPECT_EQ(system.recent(3).size(), 3u);
  EXPECT_EQ(system.recent(3).front().token, all.front().token);
  EXPECT_TRUE(system.recent(0).empty());
  system.stop();
  EXPECT_EQ(system.recent(1000).size(), 100u) << "kept after stop";
}

TEST_F(recent, one_core_remembers_a_hundred) {
  auto& system = start(exact(1, 1, 64));
  std::vector<token<int>> tokens;
  for (int i = 0; i < 10'000; ++i) tokens.push_back(quick(i));
  const auto last = tokens.back().id();
  gather(std::move(tokens));
  const auto all = system.recent(1000);
  EXPECT_GE(all.size(), 100u);
  EXPECT_EQ(all.front().token, last) << "one core runs what comes from outside in order";
}

TEST_F(recent, tells_how_it_ended_and_how_long_it_took) {
  auto& system = start(exact(1, 1, 64));
  blockade busy;
  auto holder = submit([&] { busy.hold(); });
  EXPECT_TRUE(eventually([&] { return busy.holding() == 1; }));
  auto slow = takes(3ms);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 2ms) std::this_thread::yield();
  busy.lift();
  holder.get();
  slow.get();
  auto all = system.recent();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].operation, "takes");
  EXPECT_GE(all[0].run_time, 3ms * 19 / 20) << "the clock may be off by a little";
  EXPECT_GE(all[0].queue_wait, 2ms * 19 / 20);
  EXPECT_EQ(all[1].operation, "submit");
  EXPECT_GE(all[1].run_time, 2ms * 19 / 20);
  EXPECT_EQ(all[0].worker_name(), "worker_" + std::to_string(all[0].worker) + "_core_0");

  EXPECT_THROW(fails().get(), std::runtime_error);
  EXPECT_EQ(system.recent(1).front().operation, "fails");
  EXPECT_EQ(system.recent(1).front().end, token_state::failed);

  auto sleeper = waits_for_ever();
  EXPECT_TRUE(eventually([&] { return sleeper.state() == token_state::executing; }));
  sleeper.kill();
  EXPECT_THROW(sleeper.get(), token_killed);
  EXPECT_EQ(system.recent(1).front().operation, "waits_for_ever");
  EXPECT_EQ(system.recent(1).front().end, token_state::killed);
}

TEST_F(recent, children_run_in_place_are_there_too) {
  auto& system = start(exact(1, 1, 64));
  parent(30).get();
  const auto all = system.recent(1000);
  ASSERT_EQ(all.size(), 31u);
  EXPECT_EQ(all.front().operation, "parent") << "it ended last";
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& each) { return each.operation == "quick"; }), 30);
}

TEST_F(recent, a_sample_is_there_otherwise) {
  auto& system = start(small(1, 1, 1024));
  std::vector<token<int>> tokens;
  for (int i = 0; i < 6400; ++i) tokens.push_back(quick(i));
  gather(std::move(tokens));
  const auto all = system.recent(1000);
  EXPECT_GE(all.size(), 99u);
  EXPECT_LE(all.size(), recent_ring::size);
}

TEST_F(recent, workers_that_run_at_the_same_time_have_different_numbers) {
  auto& system = start(exact(1, 4, 64));
  testing::gate all_there;
  std::vector<token<void>> tokens;
  for (int i = 0; i < 4; ++i) tokens.push_back(submit([&] { all_there.pass(); }));
  EXPECT_TRUE(eventually([&] { return all_there.waiting() == 4; }));
  all_there.open();
  gather(std::move(tokens));
  std::set<unsigned> workers;
  for (const auto& each : system.recent()) workers.insert(each.worker);
  EXPECT_EQ(workers.size(), 4u);
}

TEST_F(recent, may_be_read_while_tokens_end) {
  auto& system = start(exact(2, 2, 64));
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop.load())
      for (const auto& each : system.recent(1000)) EXPECT_EQ(each.operation.empty(), false);
  });
  for (int round = 0; round < 50; ++round) parent(50).get();
  stop.store(true);
  reader.join();
}

}  // namespace
}  // namespace tokengate
