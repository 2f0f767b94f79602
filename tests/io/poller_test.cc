// The poller of a core, driven by a plain thread in the place of the core's scheduler.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <tokengate/io/error.h>
#include <tokengate/io/offload.h>
#include <tokengate/io/poller.h>
#include <tokengate/io/request.h>

#include "tests/io/backends.h"

namespace tokengate::io {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
constexpr auto no_deadline = clock::time_point::max();

/// A pipe whose ends are closed with it.
class pipe_pair {
 public:
  explicit pipe_pair(int flags = 0) { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC | flags), 0); }
  pipe_pair(const pipe_pair&) = delete;
  pipe_pair& operator=(const pipe_pair&) = delete;
  ~pipe_pair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int reader() const { return ends_[0]; }
  void send(char byte) const { EXPECT_EQ(::write(ends_[1], &byte, 1), 1); }

 private:
  int ends_[2];
};

/// A read of one byte of a pipe, with its buffer.
struct pipe_read : request {
  explicit pipe_read(const pipe_pair& from) : request(call::read_stream, from.reader(), std::span(&byte, 1), 0) {}
  std::byte byte{};
};

class poller_on : public on_backend {
 protected:
  /// What a core does when it has nothing else to do.
  static int finish(core_poller& events, request& work) {
    while (!work.done() && events.pending()) {
      events.sleep(no_deadline);
      events.poll();
    }
    return work.finish();
  }
};

INSTANTIATE_TEST_SUITE_P(, poller_on, both_backends, name_of);

TEST_P(poller_on, an_interruption_before_the_sleep_ends_it_at_once) {
  core_poller events(GetParam());
  events.interrupt();
  events.interrupt();
  events.sleep(no_deadline);  // would never return otherwise
  SUCCEED();
}

TEST_P(poller_on, an_interruption_ends_one_sleep_only) {
  core_poller events(GetParam());
  events.interrupt();
  events.sleep(no_deadline);
  const auto start = clock::now();
  while (clock::now() < start + 20ms) events.sleep(start + 20ms);
  EXPECT_GE(clock::now(), start + 20ms);
}

TEST_P(poller_on, a_deadline_ends_the_sleep_also_while_something_is_in_flight) {
  core_poller events(GetParam());
  pipe_pair pipe;
  pipe_read read(pipe);
  for (const bool in_flight : {false, true}) {
    if (in_flight) events.start(read);
    int sleeps = 0;
    const auto start = clock::now();
    for (; clock::now() < start + 30ms; ++sleeps) events.sleep(start + 30ms);
    EXPECT_LE(sleeps, 3) << "it spun instead of sleeping";
    EXPECT_LT(clock::now(), start + 5s);
    events.sleep(start);  // long past: returns
    events.sleep(clock::time_point{});
  }
  pipe.send('x');
  EXPECT_EQ(finish(events, read), 1);
}

TEST_P(poller_on, a_completion_ends_the_sleep) {
  core_poller events(GetParam());
  pipe_pair pipe;
  pipe_read read(pipe);
  events.start(read);
  EXPECT_EQ(events.pending(), GetParam() == backend::uring) << "poll() delivers only what is in the ring";
  EXPECT_EQ(events.poll(), 0u);
  EXPECT_FALSE(read.done());
  std::thread writer([&pipe] { pipe.send('x'); });
  EXPECT_EQ(finish(events, read), 1);
  EXPECT_EQ(read.byte, std::byte{'x'});
  EXPECT_FALSE(events.pending());
  writer.join();
  const auto counted = events.counters();
  EXPECT_EQ(counted.ring, GetParam() == backend::uring ? 1u : 0u);
  EXPECT_EQ(counted.offloaded, GetParam() == backend::uring ? 0u : 1u);
}

/// A producer publishes work without order and interrupts; the sleeper must see all of it and never sleep on it.
void wake_up_storm(core_poller& events) {
  constexpr int rounds = 30'000;
  std::atomic<int> published{0}, seen{0};
  std::thread producer([&] {
    for (int round = 1; round <= rounds; ++round) {
      published.store(round, std::memory_order_relaxed);
      events.interrupt();
      // Now in step with the sleeper, now far ahead of it.
      if (round % 3 == 0)
        while (seen.load(std::memory_order_relaxed) < round) std::this_thread::yield();
    }
  });
  while (seen.load(std::memory_order_relaxed) < rounds) {
    events.sleep(no_deadline);
    events.poll();
    seen.store(published.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  producer.join();
}

TEST_P(poller_on, loses_no_interruption_asleep_in_the_kernel) {
  core_poller events(GetParam());
  wake_up_storm(events);
}

TEST_P(poller_on, loses_no_interruption_asleep_in_the_ring) {
  core_poller events(GetParam());
  pipe_pair pipe;
  pipe_read read(pipe);
  events.start(read);
  wake_up_storm(events);
  EXPECT_FALSE(read.done());
  pipe.send('x');
  EXPECT_EQ(finish(events, read), 1);
}

TEST_P(poller_on, interruptions_and_completions_race) {
  core_poller events(GetParam());
  constexpr int rounds = 3000;
  pipe_pair pipe;
  std::atomic<bool> over{false};
  std::thread interrupter([&] {
    while (!over.load()) events.interrupt();
  });
  std::thread writer([&] {
    for (int round = 0; round < rounds; ++round) pipe.send(static_cast<char>(round));
  });
  for (int round = 0; round < rounds; ++round) {
    pipe_read read(pipe);
    events.start(read);
    ASSERT_EQ(finish(events, read), 1);
    ASSERT_EQ(read.byte, static_cast<std::byte>(round));
  }
  over.store(true);
  interrupter.join();
  writer.join();
}

TEST_P(poller_on, holds_more_in_flight_than_the_ring_has_entries) {
  constexpr std::size_t count = 100;  // more than one submission queue takes, and at once fewer than the pool's threads
  core_poller events(GetParam());
  std::vector<std::unique_ptr<pipe_pair>> pipes;
  std::vector<std::unique_ptr<pipe_read>> reads;
  for (std::size_t i = 0; i < count; ++i) {
    pipes.push_back(std::make_unique<pipe_pair>());
    reads.push_back(std::make_unique<pipe_read>(*pipes.back()));
    events.start(*reads.back());
  }
  for (const auto& read : reads) EXPECT_FALSE(read->done());
  for (std::size_t i = count; i-- > 0;) pipes[i]->send(static_cast<char>(i));
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(finish(events, *reads[i]), 1);
    EXPECT_EQ(reads[i]->byte, static_cast<std::byte>(i));
  }
}

TEST_P(poller_on, a_descriptor_that_does_not_block_is_waited_for_all_the_same) {
  core_poller events(GetParam());
  pipe_pair pipe(O_NONBLOCK);
  pipe_read read(pipe);
  events.start(read);
  events.poll();
  EXPECT_FALSE(read.done());
  pipe.send('x');
  EXPECT_EQ(finish(events, read), 1);
}

TEST_P(poller_on, reports_what_the_kernel_refuses) {
  core_poller events(GetParam());
  std::byte byte{};
  request bad(request::call::read, 1'000'000, std::span(&byte, 1), 0);
  events.start(bad);
  EXPECT_EQ(finish(events, bad), -EBADF);
}

TEST_P(poller_on, a_destroyed_poller_ends_what_is_in_flight) {
  pipe_pair pipe;
  pipe_read read(pipe);
  if (GetParam() == backend::uring) {
    core_poller events(GetParam());
    events.start(read);
    ASSERT_FALSE(read.done());
  } else {
    core_poller events(GetParam());
    events.start(read);
    read.abandon();  // what is in the pool is waited for
  }
  ASSERT_TRUE(read.done());
  EXPECT_EQ(read.finish(), -ECANCELED);
}

TEST(ring, a_poller_may_be_destroyed_by_another_thread_than_its_core) {
  if (ring::make() == nullptr) GTEST_SKIP() << "this kernel refuses io_uring";
  pipe_pair pipe;
  pipe_read read(pipe);
  {
    core_poller events(backend::uring);
    std::thread([&] { events.start(read); }).join();
  }
  EXPECT_TRUE(read.done());
}

TEST(ring, more_completions_than_its_queue_takes_are_kept) {
  auto small = ring::make(2);  // and four completions
  if (small == nullptr) GTEST_SKIP() << "this kernel refuses io_uring";
  constexpr std::size_t count = 64;
  pipe_pair pipe;
  std::vector<std::unique_ptr<pipe_read>> reads;
  for (std::size_t i = 0; i < count; ++i) {
    reads.push_back(std::make_unique<pipe_read>(pipe));
    ASSERT_TRUE(small->start(*reads.back()));
  }
  for (std::size_t i = 0; i < count; ++i) pipe.send('x');
  for (std::size_t done = 0; done < count;) {
    const auto next = small->next();
    if (next.what == nullptr) {
      small->wait(no_deadline);
      continue;
    }
    EXPECT_EQ(next.result, 1);
    ++done;
  }
  EXPECT_EQ(small->in_flight(), 0u);
}

TEST(pool, a_request_of_a_plain_thread_can_be_abandoned) {
  pipe_pair pipe;
  pipe_read read(pipe);
  read.start();
  read.abandon();
  EXPECT_TRUE(read.done());
}

TEST(pool, threads_do_not_stay_on_the_core_that_made_them) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  if (CPU_COUNT(&before) < 2) GTEST_SKIP() << "one processor: nowhere else to be";
  struct place_job : job {
    cpu_set_t allowed;
    completion end;
  };
  std::vector<std::unique_ptr<place_job>> jobs;
  std::thread([&] {  // pinned as a core is
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    for (int i = 0; i < 8; ++i) {
      jobs.push_back(std::make_unique<place_job>());
      jobs.back()->run = [](job& self) noexcept {
        auto& mine = static_cast<place_job&>(self);
        ::sched_getaffinity(0, sizeof mine.allowed, &mine.allowed);
        mine.end.complete();
      };
      offload::shared().start(*jobs.back());
    }
    for (const auto& each : jobs) each->end.wait_shielded();
  })
      .join();
  for (const auto& each : jobs) EXPECT_TRUE(CPU_EQUAL(&each->allowed, &before));
}

}  // namespace
}  // namespace tokengate::io
