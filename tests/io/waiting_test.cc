// That waiting for a file suspends the token and nothing else. There is one core: were it blocked, the token that ends
// the wait would never run.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <tokengate/core/error.h>
#include <tokengate/io/file.h>

#include "tests/io/on_coordinator.h"

namespace tokengate::io {
namespace {

using namespace std::chrono_literals;

class waiting_on : public on_coordinator {
 protected:
  struct ends {
    file reader, writer;
  };
  static ends make_pipe(int flags = 0) {
    int both[2];
    EXPECT_EQ(::pipe2(both, O_CLOEXEC | flags), 0);
    return {file(both[0]), file(both[1])};
  }
  static void send(const file& to, char byte) { EXPECT_EQ(::write(to.descriptor(), &byte, 1), 1); }

  /// Runs other tokens until `condition` holds.
  template <class Condition>
  static void until(Condition condition) {
    while (!condition()) std::this_thread::yield();
  }
};

INSTANTIATE_TEST_SUITE_P(, waiting_on, both_backends, name_of);

TEST_P(waiting_on, a_token_that_waits_for_a_pipe_leaves_the_core_to_others) {
  for (const int flags : {0, O_NONBLOCK}) {
    const auto [reader, writer] = make_pipe(flags);
    std::string order;  // of one core: no two tokens run at once
    auto reading = submit([&order, &in = reader] {
      order += "waits ";
      std::byte buffer[8];
      const auto got = in.read_some(buffer);
      order += "got";
      EXPECT_EQ(buffer[0], std::byte{'x'});
      return got;
    });
    auto writing = submit([&order, &out = writer] {
      order += "writes ";
      send(out, 'x');
    });
    EXPECT_EQ(reading.get(), 1u);
    writing.get();
    EXPECT_EQ(order, "waits writes got");
  }
}

TEST_P(waiting_on, a_pipe_ends_with_its_writer) {
  auto [reader, writer] = make_pipe();
  auto reading = submit([&in = reader] {
    std::byte buffer[8];
    return in.read_some(buffer);
  });
  in_token([out = std::make_shared<file>(std::move(writer))] { out->close(); });
  EXPECT_EQ(reading.get(), 0u);
}

TEST_P(waiting_on, many_tokens_wait_at_once) {
  constexpr std::size_t count = 100;
  std::vector<ends> pipes;
  for (std::size_t i = 0; i < count; ++i) pipes.push_back(make_pipe());
  std::vector<token<char>> readings;
  for (const auto& each : pipes)
    readings.push_back(submit([&in = each.reader] {
      std::byte byte{};
      EXPECT_EQ(in.read_some(std::span(&byte, 1)), 1u);
      return static_cast<char>(byte);
    }));
  in_token([&pipes] {
    for (std::size_t i = count; i-- > 0;) send(pipes[i].writer, static_cast<char>(i));
  });
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(readings[i].get(), static_cast<char>(i));
}

TEST_P(waiting_on, opening_a_fifo_waits_for_its_other_end) {
  const scratch name;
  ::unlink(name.path());
  ASSERT_EQ(::mkfifo(name.path(), 0600), 0);
  auto writing = submit([&name] {
    const auto out = file::open(name.path(), O_WRONLY);  // nobody reads yet
    send(out, 'x');
  });
  auto reading = submit([&name] {
    const auto in = file::open(name.path(), O_RDONLY);
    std::byte byte{};
    while (in.read_some(std::span(&byte, 1)) == 0) {  // until the writer is there
    }
    return byte;
  });
  writing.get();
  EXPECT_EQ(reading.get(), std::byte{'x'});
}

TEST_P(waiting_on, what_is_in_memory_is_read_without_a_request) {
  const scratch name(pattern(100'000));
  in_token([&name] {
    const auto before = core_poller::here()->counters().cached;
    const auto in = file::open(name.path());
    std::vector<std::byte> buffer(200'000);
    EXPECT_EQ(in.read_at(buffer, 0), 100'000u);
    EXPECT_EQ(in.start_read(buffer, 50'000).get(), 50'000u);
    EXPECT_EQ(core_poller::here()->counters().cached - before, 3u);
    EXPECT_EQ(requests(), 0u);
  });
}

TEST_P(waiting_on, what_is_not_in_memory_is_requested) {
  const auto content = pattern(300'000);
  const scratch name(content);
  if (!name.chill()) GTEST_SKIP() << "this file system keeps everything in memory";
  in_token([&] {
    const auto in = file::open(name.path());
    const auto before = requests();
    std::vector<std::byte> buffer(content.size());
    EXPECT_EQ(in.read_at(buffer, 0), content.size());
    EXPECT_GT(requests(), before);
    EXPECT_EQ(buffer, content);
  });
}

TEST_P(waiting_on, names_that_may_have_to_be_made_are_requested) {
  const scratch name;
  in_token([&name] {
    const auto before = requests();
    const auto made = file::open(name.path(), O_WRONLY | O_CREAT);
    EXPECT_EQ(requests(), before + 1);
  });
}

TEST_P(waiting_on, one_token_keeps_several_reads_in_flight) {
  constexpr std::size_t block = 64 << 10, count = 16;
  const auto content = pattern(block * count);
  const scratch name(content);
  if (!name.chill()) GTEST_SKIP() << "this file system keeps everything in memory";
  in_token([&] {
    const auto in = file::open(name.path());
    ::posix_fadvise(in.descriptor(), 0, 0, POSIX_FADV_RANDOM);  // so that one read does not bring the next one's data
    const auto before = requests();
    std::vector<std::byte> buffer(content.size());
    std::vector<pending_read> reads;
    for (std::size_t i = 0; i < count; ++i)
      reads.push_back(in.start_read(std::span(buffer).subspan(i * block, block), i * block));
    EXPECT_EQ(requests(), before + count) << "all of them are under way";
    for (std::size_t i = count; i-- > 0;) EXPECT_EQ(reads[i].get(), block);
    EXPECT_EQ(buffer, content);
  });
}

TEST_P(waiting_on, a_dropped_read_lets_go_of_its_buffer) {
  const auto content = pattern(1 << 20);
  for (int round = 0; round < 20; ++round) {
    const scratch name(content);
    if (!name.chill()) GTEST_SKIP() << "this file system keeps everything in memory";
    in_token([&] {
      const auto in = file::open(name.path());
      std::vector<std::byte> buffer(content.size());
      {
        // The second one starts before the first is dropped: not into the same memory.
        auto dropped = in.start_read(std::span(buffer).first(buffer.size() - 100), 0);
        dropped = in.start_read(std::span(buffer).last(100), 5000);
      }
      std::fill(buffer.begin(), buffer.end(), std::byte{0});
      for (int i = 0; i < 100; ++i) std::this_thread::yield();
      EXPECT_EQ(std::count(buffer.begin(), buffer.end(), std::byte{0}), std::ssize(buffer));
    });
  }
}

TEST_P(waiting_on, a_hard_stop_unwinds_a_token_that_waits_for_a_pipe) {
  const auto [reader, writer] = make_pipe();
  struct witness {
    std::atomic<bool>& gone;
    ~witness() { gone = true; }
  };
  std::atomic<bool> waits{false}, unwound{false}, swallowed{false};
  auto reading = submit([&, &in = reader] {
    const witness here{unwound};
    std::byte buffer[8];
    waits = true;
    try {
      return in.read_some(buffer);
    } catch (const std::exception&) {
      swallowed = true;
      return std::size_t{0};
    }
  });
  until([&] { return waits.load(); });
  EXPECT_EQ(coordinator_.stop(0ns).killed, 1u);
  EXPECT_TRUE(unwound);
  EXPECT_FALSE(swallowed);
  EXPECT_THROW(reading.get(), token_killed);
}

TEST_P(waiting_on, a_hard_stop_unwinds_a_token_that_waits_for_the_other_end_of_a_fifo) {
  if (GetParam() == backend::threads) GTEST_SKIP() << "cannot be cancelled there, as its contract says";
  const scratch name;
  ::unlink(name.path());
  ASSERT_EQ(::mkfifo(name.path(), 0600), 0);
  auto opening = submit([&name] { return file::open(name.path(), O_WRONLY); });
  in_token([] {});
  coordinator_.stop(0ns);
  EXPECT_THROW(opening.get(), token_killed);
}

TEST_P(waiting_on, a_hard_stop_unwinds_tokens_in_the_midst_of_reads) {
  const auto content = pattern(1 << 20);
  const scratch name(content);
  const auto [reader, writer] = make_pipe();
  constexpr int count = 20;
  std::atomic<int> waiting{0}, unwound{0};
  struct witness {
    std::atomic<int>& gone;
    ~witness() { ++gone; }
  };
  std::vector<token<void>> tokens;
  for (int i = 0; i < count; ++i)
    tokens.push_back(submit([&, &in_pipe = reader] {
      const witness here{unwound};
      const auto in = file::open(name.path());
      std::vector<std::byte> buffer(content.size());
      ::posix_fadvise(in.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
      const auto under_way = in.start_read(buffer, 0);  // dropped while the token is unwound
      ++waiting;
      std::byte byte;
      in_pipe.read_some(std::span(&byte, 1));
    }));
  until([&] { return waiting.load() == count; });
  coordinator_.stop(0ns);
  EXPECT_EQ(unwound.load(), count);
  for (auto& each : tokens) EXPECT_THROW(each.get(), token_killed);
}

TEST_P(waiting_on, a_token_keeps_its_storage_permit_while_it_reads) {
  const auto [reader, writer] = make_pipe();
  std::atomic<bool> waits{false};
  auto reading = submit(tags{storage_speed::slow}, [&waits, &in = reader] {
    waits = true;
    std::byte byte;
    return in.read_some(std::span(&byte, 1));
  });
  until([&] { return waits.load(); });
  in_token([] {});  // by now it is suspended
  EXPECT_EQ(coordinator_.statistics_of(storage_speed::slow).held, 1u);
  send(writer, 'x');
  EXPECT_EQ(reading.get(), 1u);
  EXPECT_EQ(coordinator_.statistics_of(storage_speed::slow).held, 0u);
}

TEST(plain_thread, keeps_several_reads_in_flight_too) {
  const auto content = pattern(1 << 20);
  const scratch name(content);
  const auto in = file::open(name.path());
  std::vector<std::byte> buffer(content.size());
  std::vector<pending_read> reads;
  for (std::size_t at = 0; at < content.size(); at += 64 << 10)
    reads.push_back(in.start_read(std::span(buffer).subspan(at, 64 << 10), at));
  for (auto& each : reads) EXPECT_EQ(each.get(), std::size_t{64} << 10);
  EXPECT_EQ(buffer, content);
}

}  // namespace
}  // namespace tokengate::io
