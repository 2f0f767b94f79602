#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tokengate/core/error.h>
#include <tokengate/lanes/stack_pool.h>

namespace tokengate::lanes {
namespace {

using boost::context::stack_context;

#if defined(TOKENGATE_ADDRESS_SANITIZER) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // their shadow memory spoils limits and measurements of ours
#else
constexpr bool sanitized = false;
#endif

const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

// Predicate of EXPECT_EXIT; the address sanitizer turns the signal into a report.
bool faulted(int status) {
  return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) ||
         (sanitized && WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

std::byte* bottom(const stack_context& stack) { return static_cast<std::byte*>(stack.sp) - stack.size; }

void touch(const stack_context& stack, std::size_t bytes = 1) {
  std::memset(static_cast<std::byte*>(stack.sp) - bytes, 1, bytes);
}

// Stacks that are given back when the test is over.
class borrowed {
 public:
  borrowed(stack_pool& pool, std::size_t count) : pool_(pool) {
    for (std::size_t i = 0; i < count; ++i) stacks.push_back(pool.allocate());
  }
  ~borrowed() {
    for (stack_context& stack : stacks) pool_.deallocate(stack);
  }
  std::vector<stack_context> stacks;

 private:
  stack_pool& pool_;
};

class stack_pool_guarded : public testing::TestWithParam<stack_guard> {
 protected:
  static stack_options options() {
    stack_options options;
    options.guard = GetParam();
    return options;
  }
};

std::string name_of(const testing::TestParamInfo<stack_guard>& info) {
  constexpr const char* names[] = {"marker", "protection", "canary"};
  return names[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(every, stack_pool_guarded,
                         testing::Values(stack_guard::marker, stack_guard::protection, stack_guard::canary), name_of);

TEST_P(stack_pool_guarded, stacks_are_usable_from_end_to_end_and_do_not_overlap) {
  stack_pool pool{options()};
  borrowed held{pool, 150};
  std::set<std::byte*> bottoms;
  for (std::size_t i = 0; i < held.stacks.size(); ++i) {
    ASSERT_LE(held.stacks[i].size, 64u * 1024);
    ASSERT_GT(held.stacks[i].size, 63u * 1024);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(held.stacks[i].sp) % 64, 0u);
    bottoms.insert(bottom(held.stacks[i]));
    std::memset(bottom(held.stacks[i]), static_cast<int>(i + 1), held.stacks[i].size);
  }
  ASSERT_EQ(bottoms.size(), held.stacks.size());
  for (auto lower = bottoms.begin(), upper = std::next(lower); upper != bottoms.end(); ++lower, ++upper) {
    EXPECT_GE(*upper - *lower, static_cast<std::ptrdiff_t>(64 * 1024 + page)) << "a guard page lies between";
  }
  for (std::size_t i = 0; i < held.stacks.size(); ++i) {
    EXPECT_EQ(*bottom(held.stacks[i]), static_cast<std::byte>(i + 1));
  }
  EXPECT_EQ(pool.statistics().slabs, 3u);
  EXPECT_EQ(pool.statistics().high_water, 64u * 1024);
}

TEST_P(stack_pool_guarded, the_stack_given_back_last_comes_first) {
  stack_pool pool{options()};
  borrowed held{pool, 3};
  std::vector<void*> tops;
  for (stack_context& stack : held.stacks) tops.push_back(stack.sp);
  for (stack_context& stack : held.stacks) pool.deallocate(stack);
  held.stacks.clear();
  for (auto top = tops.rbegin(); top != tops.rend(); ++top) {
    held.stacks.push_back(pool.allocate());
    EXPECT_EQ(held.stacks.back().sp, *top);
  }
}

TEST_P(stack_pool_guarded, trimming_unmaps_empty_slabs_and_gives_memory_back) {
  stack_pool pool{options()};
  {
    borrowed held{pool, 200};
    for (const stack_context& stack : held.stacks) touch(stack, 2 * page + 1);
    EXPECT_EQ(pool.statistics().in_use, 200u);
    EXPECT_EQ(pool.statistics().slabs, 4u);
  }
  EXPECT_EQ(pool.statistics().in_use, 0u);
  EXPECT_EQ(pool.statistics().cached, 200u) << "within options.keep";
  borrowed one{pool, 1};
  pool.trim();
  stack_statistics trimmed = pool.statistics();
  EXPECT_EQ(trimmed.in_use, 1u);
  EXPECT_EQ(trimmed.cached, 0u);
  EXPECT_EQ(trimmed.slabs, 1u) << "the one with a stack in use";
  EXPECT_EQ(trimmed.high_water, 3 * page) << "remembered";

  borrowed again{pool, 63};
  EXPECT_EQ(pool.statistics().slabs, 1u) << "the trimmed stacks of that slab are used first";
  for (const stack_context& stack : again.stacks) {
    EXPECT_EQ(*(static_cast<std::byte*>(stack.sp) - 1), std::byte{0}) << "the memory had been given back";
  }
}

TEST_P(stack_pool_guarded, guards_outlive_trimming) {
  stack_pool pool{options()};
  borrowed anchor{pool, 1};
  { borrowed others{pool, 10}; }
  pool.trim();
  borrowed again{pool, 10};
  const auto overflow_and_give_back = [&] {
    *(bottom(again.stacks[5]) - 1) = std::byte{1};
    pool.deallocate(again.stacks[5]);
  };
  EXPECT_DEATH(overflow_and_give_back(), "");
}

TEST_P(stack_pool_guarded, free_stacks_beyond_the_limit_are_trimmed_the_coldest_first) {
  stack_options few = options();
  few.keep = 8;
  stack_pool pool{few};
  std::vector<void*> tops;
  {
    borrowed held{pool, 9};
    for (stack_context& stack : held.stacks) tops.push_back(stack.sp);
  }
  EXPECT_EQ(pool.statistics().cached, 4u) << "one more than keep: the older half goes";
  borrowed again{pool, 4};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(again.stacks[i].sp, tops[8 - i]);
}

// Grows the stack by half a kilobyte a call; what is done after the call keeps it from becoming a loop.
[[gnu::noinline]] int overflow(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth > 1'000'000 ? 0 : overflow(depth + 1) + frame[0];
}

void overflow_a_fiber(stack_pool& pool) {
  boost::fibers::fiber{std::allocator_arg, stack_allocator{pool}, [] { overflow(0); }}.join();
}

TEST_P(stack_pool_guarded, overflow_ends_the_process) {
  stack_pool pool{options()};
  if (GetParam() != stack_guard::canary) {
    EXPECT_EXIT(overflow_a_fiber(pool), faulted, "");
    return;
  }
  stack_context stack = pool.allocate();
  pool.deallocate(stack);  // undamaged
  stack = pool.allocate();
  EXPECT_DEATH(
      {
        *(bottom(stack) - 8) = std::byte{1};
        pool.deallocate(stack);
      },
      "overflowed its stack of 65536 bytes");
  pool.deallocate(stack);
}

TEST(stack_pool, a_signal_handler_recognises_an_overflow) {
  const auto handle_and_overflow = [] {
    static std::byte alternate[64 * 1024];
    stack_t own{};
    own.ss_sp = alternate;
    own.ss_size = sizeof alternate;
    sigaltstack(&own, nullptr);
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = [](int, siginfo_t* info, void*) { _exit(is_guard_address(info->si_addr) ? 42 : 1); };
    sigaction(SIGSEGV, &action, nullptr);
    stack_pool pool;
    overflow_a_fiber(pool);
  };
  if (best_stack_guard() == stack_guard::canary) GTEST_SKIP() << "nothing faults";
  EXPECT_EXIT(handle_and_overflow(), testing::ExitedWithCode(42), "");
}

TEST(stack_pool, knows_the_addresses_of_its_guards) {
  const int local = 0;
  EXPECT_FALSE(is_guard_address(&local));
  EXPECT_FALSE(is_guard_address(nullptr));
  std::vector<std::byte*> bottoms;
  {
    stack_pool pool;
    stack_pool other{{.size = 16 * 1024, .guard = stack_guard::protection}};
    borrowed held{pool, 100};
    borrowed more{other, 100};
    for (const auto* stacks : {&held.stacks, &more.stacks}) {
      for (const stack_context& stack : *stacks) {
        bottoms.push_back(bottom(stack));
        EXPECT_TRUE(is_guard_address(bottom(stack) - 1));
        EXPECT_TRUE(is_guard_address(bottom(stack) - page));
        EXPECT_FALSE(is_guard_address(bottom(stack)));
        EXPECT_FALSE(is_guard_address(static_cast<std::byte*>(stack.sp) - 1));
      }
    }
  }
  for (const std::byte* gone : bottoms) EXPECT_FALSE(is_guard_address(gone - 1)) << "unmapped with the pool";
}

TEST(stack_pool, protection_stops_at_half_of_the_memory_mappings) {
  std::size_t mappings = 0;
  std::ifstream{"/proc/sys/vm/max_map_count"} >> mappings;
  if (mappings == 0 || mappings > 200'000) GTEST_SKIP() << "unknown, or too many to try";
  const std::size_t most = mappings / 4;
  stack_pool pool{{.size = 16 * 1024, .guard = stack_guard::protection}};
  {
    borrowed held{pool, most + 64};
    const stack_statistics statistics = pool.statistics();
    EXPECT_EQ(statistics.unguarded, statistics.slabs * 64 - most / 64 * 64);
    EXPECT_GT(statistics.unguarded, 0u);
    EXPECT_EXIT(*(bottom(held.stacks.front()) - 1) = std::byte{1}, faulted, "");
    EXPECT_EQ(*(bottom(held.stacks.back()) - 1), std::byte{0}) << "no guard page, a canary";
  }
  pool.trim();
  EXPECT_EQ(pool.statistics().slabs, 0u);
  borrowed again{pool, 64};
  EXPECT_EQ(pool.statistics().unguarded, 0u) << "the mappings were given back";
}

TEST(stack_pool, measures_the_deepest_stack) {
  stack_pool pool;
  borrowed held{pool, 3};
  EXPECT_EQ(pool.statistics().high_water, 0u);
  touch(held.stacks[0]);
  EXPECT_EQ(pool.statistics().high_water, page);
  touch(held.stacks[2], 4 * page + 1);
  touch(held.stacks[1], page + 1);
  EXPECT_EQ(pool.statistics().high_water, 5 * page);
}

TEST(stack_pool, a_stack_costs_the_pages_it_touched) {
  if (sanitized) GTEST_SKIP();
  const auto resident = [] {
    std::size_t total = 0;
    std::size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> total >> pages;
    return pages * page;
  };
  constexpr std::size_t count = 4096;
  stack_pool pool;
  borrowed held{pool, count};
  const std::size_t before = resident();
  for (const stack_context& stack : held.stacks) touch(stack, 1500);
  const std::size_t each = (resident() - before) / count;
  EXPECT_GE(each, page);
  EXPECT_LE(each, page + 256);
}

TEST(stack_pool, refuses_sizes_that_cannot_be) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{8 * 1024}, std::size_t{64 * 1024 + 8}, std::size_t{1} << 40}) {
    EXPECT_THROW(stack_pool{{.size = size}}, misuse) << size;
  }
  stack_pool smallest{{.size = 16 * 1024}};
  borrowed held{smallest, 1};
  EXPECT_GT(held.stacks.front().size, 15u * 1024);
}

TEST(stack_pool, without_memory_it_throws_and_goes_on_later) {
  if (sanitized) GTEST_SKIP();
  stack_pool pool{{.size = 1024 * 1024}};
  borrowed held{pool, 64};
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  const rlimit tight{32 * 1024 * 1024, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &tight), 0);
  bool thrown = false;
  try {
    held.stacks.push_back(pool.allocate());
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_TRUE(thrown);
  EXPECT_EQ(pool.statistics().in_use, 64u);
  EXPECT_EQ(pool.statistics().slabs, 1u);
  held.stacks.push_back(pool.allocate());
  touch(held.stacks.back());
  EXPECT_EQ(pool.statistics().slabs, 2u);
}

TEST_P(stack_pool_guarded, carries_fibers) {
  stack_pool pool{options()};
  long sum = 0;
  for (int round = 0; round < 3; ++round) {
    std::vector<boost::fibers::fiber> fibers;
    for (int i = 0; i < 300; ++i) {
      fibers.emplace_back(std::allocator_arg, stack_allocator{pool}, [&sum, i] {
        boost::this_fiber::yield();
        try {
          throw std::runtime_error(std::to_string(i));
        } catch (const std::runtime_error& caught) {
          sum += std::stol(caught.what());
        }
      });
    }
    EXPECT_EQ(pool.statistics().in_use, 300u);
    for (boost::fibers::fiber& fiber : fibers) fiber.join();
  }
  boost::this_fiber::yield();  // lets the scheduler give the last stacks back
  EXPECT_EQ(sum, 3 * 300 * 299 / 2);
  EXPECT_EQ(pool.statistics().in_use, 0u);
  EXPECT_LE(pool.statistics().cached, 256u);
}

}  // namespace
}  // namespace tokengate::lanes
