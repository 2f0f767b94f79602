#include <atomic>
#include <cstdio>

#include <tokengate/core/node.h>
#include <tokengate/core/operation_table.h>
#include <tokengate/core/unobserved.h>

namespace tokengate {
namespace {

void print(const unobserved_failure& failure) noexcept {
  const char* what = "an exception that is no std::exception";
  try {
    std::rethrow_exception(failure.error);
  } catch (const std::exception& thrown) {
    what = thrown.what();
    std::fprintf(stderr, "tokengate: token %llu of '%.*s' failed and nobody asked for its result: %s\n",
                 static_cast<unsigned long long>(failure.token), static_cast<int>(failure.operation.size()),
                 failure.operation.data(), what);
  } catch (...) {
    std::fprintf(stderr, "tokengate: token %llu of '%.*s' failed and nobody asked for its result: %s\n",
                 static_cast<unsigned long long>(failure.token), static_cast<int>(failure.operation.size()),
                 failure.operation.data(), what);
  }
}

std::atomic<unobserved_failure_handler> handler{&print};  // release/acquire: what the handler uses was set up before
std::atomic<std::uint64_t> count{0};                      // relaxed: a statistic

}  // namespace

unobserved_failure_handler set_unobserved_failure_handler(unobserved_failure_handler replacement) noexcept {
  return handler.exchange(replacement, std::memory_order_acq_rel);
}

std::uint64_t unobserved_failures() noexcept { return count.load(std::memory_order_relaxed); }

void detail::note_unobserved_failure(const node& failed) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  if (auto* const tell = handler.load(std::memory_order_acquire))
    tell({operation_name(failed.operation), failed.id(), failed.type->failure(failed)});
}

}  // namespace tokengate
