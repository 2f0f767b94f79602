// Options, start and stop, and which coordinator a call goes to.
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/topology.h>
#include <tokengate/tests/lanes/runtime_fixture.h>

namespace tokengate {
namespace {

using testing::runtime_test;

TOKENGATE_OPERATION(int, unlisted, (int x)) { return x; }  // no registry is closed in this program

std::string refusal_of(const options& wanted) {
  try {
    const coordinator refused(wanted);
  } catch (const misuse& thrown) {
    return thrown.what();
  }
  return "accepted";
}

TEST(coordinator_options, a_bad_one_is_refused_by_name) {
  options wanted;
  wanted.workers = 0;
  EXPECT_NE(refusal_of(wanted).find("workers must be at least 1"), std::string::npos) << refusal_of(wanted);
  wanted = {};
  wanted.lane = "nobody";
  EXPECT_NE(refusal_of(wanted).find("lane 'nobody' is not linked"), std::string::npos) << refusal_of(wanted);
  EXPECT_NE(refusal_of(wanted).find("balanced"), std::string::npos) << "the linked ones are named";
  wanted = {};
  wanted.max_waiting = 0;
  EXPECT_NE(refusal_of(wanted).find("max_waiting"), std::string::npos) << refusal_of(wanted);
  wanted = {};
  wanted.max_suspended = 0;
  EXPECT_NE(refusal_of(wanted).find("max_suspended"), std::string::npos) << refusal_of(wanted);
  wanted = {};
  wanted.cores = 100'000;
  EXPECT_NE(refusal_of(wanted).find("cores"), std::string::npos) << refusal_of(wanted);
  wanted = {};
  wanted.drain_for = std::chrono::nanoseconds(-1);
  EXPECT_NE(refusal_of(wanted).find("drain_for"), std::string::npos) << refusal_of(wanted);
  wanted = {};
  wanted.cancel_for = std::chrono::nanoseconds(-1);
  EXPECT_NE(refusal_of(wanted).find("cancel_for"), std::string::npos) << refusal_of(wanted);
}

TEST(coordinator_options, a_stack_size_that_cannot_be_is_refused_before_anything_runs) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1000}, std::size_t{100'001}}) {
    options wanted;
    wanted.stack_size = size;
    EXPECT_NE(refusal_of(wanted).find("stack"), std::string::npos) << refusal_of(wanted);
  }
}

TEST(coordinator_options, a_storage_limit_of_nothing_is_refused_before_anything_runs) {
  options wanted;
  wanted.storage.fast = 0;
  EXPECT_NE(refusal_of(wanted).find("limit"), std::string::npos) << refusal_of(wanted);
}

TEST(coordinator_options, a_mailbox_larger_than_any_memory_is_refused_before_anything_runs) {
  options wanted;
  wanted.mailbox_capacity = ~std::size_t{0};
  EXPECT_NE(refusal_of(wanted).find("mailbox_capacity"), std::string::npos) << refusal_of(wanted);
  wanted = {};
  wanted.max_waiting = ~std::size_t{0};
  EXPECT_NE(refusal_of(wanted).find("max_waiting"), std::string::npos) << refusal_of(wanted);
}

TEST(coordinator_options, the_largest_drain_time_means_for_ever) {
  options wanted;
  wanted.cores = 1;
  wanted.drain_for = std::chrono::nanoseconds::max();
  coordinator patient(wanted);
  patient.start();
  auto slow = submit([] {
    this_token::sleep_for(std::chrono::milliseconds(20));
    return 1;
  });
  EXPECT_EQ(patient.stop().killed, 0u);
  EXPECT_EQ(slow.get(), 1);
}

TEST(coordinator_options, no_number_of_cores_means_what_the_machine_allows) {
  const coordinator sized;
  EXPECT_EQ(sized.cores(), topology::detect().effective_cores());
  options wanted;
  wanted.cores = 5;
  EXPECT_EQ(coordinator(wanted).cores(), 5u);
}

class coordinators : public runtime_test {};

TEST_F(coordinators, without_a_running_one_a_call_is_refused) {
  EXPECT_THROW(submit([] {}).get(), no_coordinator);
  const coordinator not_started;
  EXPECT_FALSE(not_started.running());
  EXPECT_THROW(submit([] {}).get(), no_coordinator);
  EXPECT_TRUE(not_started.statistics().empty());
  EXPECT_TRUE(not_started.statistics_of_cores().empty());
}

TEST_F(coordinators, an_operation_in_no_closed_registry_is_refused) {
  start(small(1, 1, 8));
  try {
    unlisted(1).get();
    FAIL();
  } catch (const operation_not_registered& refused) {
    const std::string what = refused.what();
    for (const char* part : {"unlisted", "coordinator_test.cc:", "TOKENGATE_APPLICATION"})
      EXPECT_NE(what.find(part), std::string::npos) << what;
  }
}

TEST_F(coordinators, start_stop_and_start_again) {
  coordinator repeated(small(2, 1, 8));
  for (int round = 0; round < 10; ++round) {
    repeated.start();
    EXPECT_TRUE(repeated.running());
    EXPECT_THROW(repeated.start(), misuse);
    EXPECT_EQ(submit([round] { return round; }).get(), round);
    EXPECT_EQ(repeated.stop().killed, 0u);
    EXPECT_FALSE(repeated.running());
    EXPECT_EQ(repeated.stop().killed, 0u) << "stopping twice does nothing";
    EXPECT_THROW(submit([] {}).get(), no_coordinator);
    EXPECT_EQ(repeated.statistics().back().tokens, 1u) << "of the last run";
  }
}

TEST_F(coordinators, one_that_never_ran_or_stands_idle_ends_at_once) {
  for (int i = 0; i < 20; ++i) {
    coordinator never_started(small(2, 1, 8));
    coordinator idle(small(2, 1, 8));
    idle.start();
  }
}

TEST_F(coordinators, of_several_a_scope_names_the_one_that_is_meant) {
  coordinator one(small(1, 1, 8)), other(small(1, 1, 8));
  one.start();
  other.start();
  EXPECT_THROW(submit([] {}).get(), no_coordinator);
  {
    const coordinator::scope meant(other);
    submit([] {}).get();
    // Inside a token its own coordinator is current, whatever its thread says.
    submit([] { submit([] {}).get(); }).get();
    const coordinator::scope nested(one);
    submit([] {}).get();
  }
  EXPECT_THROW(submit([] {}).get(), no_coordinator);
  EXPECT_EQ(other.statistics().back().tokens, 3u);
  EXPECT_EQ(one.statistics().back().tokens, 1u);
  other.stop();
  submit([] {}).get();
  EXPECT_EQ(one.statistics().back().tokens, 2u) << "the only one that runs";
}

TEST_F(coordinators, tokens_may_wait_for_tokens_of_another_one) {
  coordinator one(small(1, 1, 8)), other(small(1, 1, 8));
  one.start();
  other.start();
  for (int i = 0; i < 200; ++i) {
    token<int> inner;
    {
      const coordinator::scope meant(one);
      inner = submit([i] { return i; });
    }
    const coordinator::scope meant(other);
    EXPECT_EQ(submit([](token<int> waited) { return waited.get(); }, std::move(inner)).get(), i);
  }
}

TEST_F(coordinators, one_in_a_scope_that_does_not_run_says_so) {
  coordinator named(small(1, 1, 8));
  const coordinator::scope meant(named);
  const auto expect_refusal = [] {
    try {
      submit([] {}).get();
      ADD_FAILURE();
    } catch (const coordinator_stopped& refused) {
      EXPECT_NE(std::string(refused.what()).find("start()"), std::string::npos) << refused.what();
    }
  };
  expect_refusal();
  for (int run = 0; run < 3; ++run) {
    named.start();
    EXPECT_EQ(submit([] { return 1; }).get(), 1) << "the scope outlasts a restart";
    named.stop();
    expect_refusal();
  }
}

TEST_F(coordinators, stopping_inside_a_token_is_refused) {
  auto& self = start(small(1, 1, 8));
  EXPECT_THROW(submit([&self] { self.stop(); }).get(), misuse);
  EXPECT_TRUE(self.running());
}

TEST_F(coordinators, every_core_thread_is_pinned_to_its_processor) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  auto wanted = small(static_cast<unsigned>(CPU_COUNT(&allowed)), 1, 8);
  start(wanted);
  const auto processors_here = [] {
    cpu_set_t mine;
    ::sched_getaffinity(0, sizeof mine, &mine);
    return CPU_COUNT(&mine);
  };
  std::vector<token<int>> tokens;
  for (int i = 0; i < 20; ++i) tokens.push_back(submit(processors_here));
  for (const int count : gather(std::move(tokens))) EXPECT_EQ(count, 1);
}

TEST_F(coordinators, more_cores_than_the_machine_has_share_it_unpinned) {
  start(small(64, 1, 8));
  EXPECT_EQ(running().cores(), 64u);
  std::vector<token<int>> tokens;
  for (int i = 0; i < 1000; ++i) tokens.push_back(submit([i] { return i; }));
  gather(std::move(tokens));
}

}  // namespace
}  // namespace tokengate
