// A kernel, or the sandbox around the program, that refuses io_uring. Each test runs in a process of its own that has
// given up the system calls in question; the parent makes no threads.
#include <cerrno>
#include <cstdio>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <tokengate/io/file.h>

#include "tests/io/on_coordinator.h"

namespace tokengate::io {
namespace {

/// From now on the call `number` fails with `error` in this process.
bool refuse(unsigned number, unsigned error) {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof rules / sizeof *rules, rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum outcome : int { as_expected = 0, no_seccomp = 77 };

/// Runs `body` in a child; it says by its result whether all was well.
template <class Body>
void in_child(Body body) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int result = 1;
    try {
      result = body();
    } catch (const std::exception& thrown) {
      std::fprintf(stderr, "%s\n", thrown.what());
    }
    ::_exit(result);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_seccomp) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(WEXITSTATUS(status), as_expected);
}

/// Reads a pipe and files in tokens of one core. True when all of it came through the pool.
bool works_through_the_pool(std::uint64_t least_offloaded) {
  const auto content = pattern(100'000);
  const scratch name(content);
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return false;
  const file reader(both[0]), writer(both[1]);
  coordinator one({.cores = 1});
  one.start();
  auto reading = submit([&reader] {
    std::byte buffer[8];
    return reader.read_some(buffer);
  });
  auto writing = submit([&writer] { return ::write(writer.descriptor(), "abc", 3); });
  if (reading.get() != 3 || writing.get() != 3) return false;
  return submit([&] {
           if (file::open(name.path()).read_all() != content) return false;
           const auto counted = core_poller::here()->counters();
           return counted.ring == 0 && counted.offloaded >= least_offloaded;
         })
      .get();
}

TEST(refused_kernel, without_rings_the_pool_reads) {
  for (const unsigned error : {ENOSYS, EPERM})
    in_child([error] {
      if (!refuse(SYS_io_uring_setup, error)) return no_seccomp;
      return works_through_the_pool(1) ? as_expected : outcome{1};
    });
}

TEST(refused_kernel, rings_that_may_be_made_but_not_used_are_not_used) {
  in_child([] {
    if (!refuse(SYS_io_uring_enter, EPERM)) return no_seccomp;
    return works_through_the_pool(1) ? as_expected : outcome{1};
  });
}

TEST(refused_kernel, a_ring_that_is_demanded_is_missed_at_once) {
  in_child([] {
    if (!refuse(SYS_io_uring_setup, EPERM)) return no_seccomp;
    try {
      (void)make_poller(backend::uring);
    } catch (const io_error& refused) {
      return refused.code() == ENOSYS ? as_expected : outcome{1};
    }
    return outcome{1};
  });
}

TEST(refused_kernel, old_kernels_without_cached_opens_and_reads_are_enough) {
  in_child([] {
    if (!refuse(SYS_openat2, ENOSYS) || !refuse(SYS_preadv2, EOPNOTSUPP) || !refuse(SYS_io_uring_setup, ENOSYS))
      return no_seccomp;
    return works_through_the_pool(3) ? as_expected : outcome{1};
  });
}

}  // namespace
}  // namespace tokengate::io
