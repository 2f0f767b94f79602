#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <tokengate/core/launch.h>
#include <tokengate/core/operation_table.h>

namespace tokengate::detail {

namespace {

struct marking {
  std::mutex mutex;  // of whoever changes it; mark() reads without
  std::atomic<std::uint32_t> untimed_bits{0};
  std::atomic<bool> watching{false};

  void update() noexcept {
    const bool all = watching.load(std::memory_order_relaxed);
    unmarked_bits.store(all ? 0 : untimed_bits.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
};
constinit marking marks;

}  // namespace

void set_timing_interval(std::uint32_t one_in) noexcept {
  const std::scoped_lock lock(marks.mutex);
  marks.untimed_bits.store(one_in - 1, std::memory_order_relaxed);
  marks.update();
}

void watch_new_tokens(bool wanted) noexcept {
  const std::scoped_lock lock(marks.mutex);
  marks.watching.store(wanted, std::memory_order_relaxed);
  marks.update();
}

void mark(node& made, std::uint64_t id) noexcept {
  made.watched = marks.watching.load(std::memory_order_relaxed);
  if ((id & marks.untimed_bits.load(std::memory_order_relaxed)) != 0) return;
  auto& extra = made.extra();
  extra.created = ticks();
  extra.started = extra.ended = 0;
  made.timed = true;
}

void refuse_thread_exit(const node& guilty) noexcept {
  std::fprintf(stderr,
               "tokengate: token %llu of '%s' ended its thread (pthread_exit or pthread_cancel), on which other tokens "
               "live; return from the operation, or throw, instead\n",
               static_cast<unsigned long long>(guilty.id()), operation_name(guilty.operation).data());
  std::abort();
}

void refuse_unregistered(const operation_record& operation) {
  const auto& info = operation.info;
  throw operation_not_registered(
      "operation '" + std::string(info.name) + "' (" + info.file + ":" + std::to_string(info.line) +
      ") is in no closed registry; write TOKENGATE_APPLICATION(name); or TOKENGATE_PLUGIN(name); "
      "after it, in its namespace, in one source file");
}

}  // namespace tokengate::detail
