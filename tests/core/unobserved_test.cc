#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <tokengate/core/operation_table.h>
#include <tokengate/core/unobserved.h>
#include <tokengate/tests/core/test_node.h>

namespace tokengate {
namespace {

using testing::test_node;

constexpr operation_info facts{.name = "mill"};
operation_record record{facts};

/// Of the operation as nodes have it.
std::uint32_t number_of_mill() {
  operation_record* const all[] = {&record};
  static const bool enrolled = detail::enroll(all);
  return enrolled ? static_cast<std::uint32_t>(record.index.load()) + 1 : 0;
}

struct told_failure {
  int times = 0;
  std::string operation, what;
  std::uint64_t token = 0;
} told;

void remember(const unobserved_failure& failure) noexcept {
  ++told.times;
  told.operation = failure.operation;
  told.token = failure.token;
  try {
    std::rethrow_exception(failure.error);
  } catch (const std::exception& thrown) {
    told.what = thrown.what();
  } catch (int) {
    told.what = "an int";
  }
}

class unobserved : public ::testing::Test {
 protected:
  unobserved() : previous_(set_unobserved_failure_handler(&remember)), before_(unobserved_failures()) { told = {}; }
  ~unobserved() override { set_unobserved_failure_handler(previous_); }

  std::uint64_t counted() const { return unobserved_failures() - before_; }

  test_node& executing(std::exception_ptr thrown, bool of_operation = true) {
    auto* const token = new test_node(destroyed);
    token->thrown = std::move(thrown);
    token->operation = of_operation ? number_of_mill() : 0;
    token->begin(17, token_state::executing, 0);
    return *token;
  }

  std::atomic<int> destroyed{0};

 private:
  unobserved_failure_handler previous_;
  std::uint64_t before_;
};

TEST_F(unobserved, a_failure_is_told_when_the_handle_goes_first) {
  auto& token = executing(std::make_exception_ptr(std::runtime_error("burnt")));
  token.release(false);
  EXPECT_EQ(told.times, 0) << "it has not failed yet";
  token.finish(token_state::failed);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.operation, "mill");
  EXPECT_EQ(told.token, 17u);
  EXPECT_EQ(told.what, "burnt");
  EXPECT_EQ(counted(), 1u);
  EXPECT_EQ(destroyed, 1) << "after the handler has looked at it";
}

TEST_F(unobserved, a_failure_is_told_when_the_handle_goes_later) {
  auto& token = executing(std::make_exception_ptr(5), false);
  token.finish(token_state::failed);
  EXPECT_EQ(told.times, 0) << "somebody may still ask";
  token.release(false);
  EXPECT_EQ(told.times, 1);
  EXPECT_EQ(told.operation, "submit");
  EXPECT_EQ(told.what, "an int");
  EXPECT_EQ(counted(), 1u);
  EXPECT_EQ(destroyed, 1);
}

TEST_F(unobserved, what_was_asked_for_is_not_told) {
  auto& token = executing(std::make_exception_ptr(5));
  token.finish(token_state::failed);
  token.release(true);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(counted(), 0u);
}

TEST_F(unobserved, only_failures_are_told) {
  for (const auto end : {token_state::completed, token_state::killed, token_state::timeout}) {
    auto& first = executing({});
    first.release(false);
    first.finish(end);
    auto& later = executing({});
    later.finish(end);
    later.release(false);
  }
  EXPECT_EQ(counted(), 0u);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(destroyed, 6);
}

TEST_F(unobserved, without_a_handler_it_is_only_counted) {
  EXPECT_EQ(set_unobserved_failure_handler(nullptr), &remember) << "the previous one is returned";
  auto& token = executing(std::make_exception_ptr(5));
  token.release(false);
  token.finish(token_state::failed);
  EXPECT_EQ(counted(), 1u);
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(set_unobserved_failure_handler(&remember), nullptr);
}

TEST(unobserved_default, one_line_names_the_operation_the_token_and_the_reason) {
  std::atomic<int> destroyed{0};
  for (const auto& thrown : {std::make_exception_ptr(std::runtime_error("burnt")), std::make_exception_ptr(5)}) {
    auto* const token = new test_node(destroyed);
    token->thrown = thrown;
    token->operation = number_of_mill();
    token->begin(4711, token_state::executing, 0);
    ::testing::internal::CaptureStderr();
    token->release(false);
    token->finish(token_state::failed);
    const std::string printed = ::testing::internal::GetCapturedStderr();
    for (const char* part : {"4711", "'mill'", "nobody asked"})
      EXPECT_NE(printed.find(part), std::string::npos) << printed;
    EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 1) << printed;
  }
}

}  // namespace
}  // namespace tokengate
