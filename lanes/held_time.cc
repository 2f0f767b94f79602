#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include <tokengate/lanes/held_time.h>

namespace tokengate::lanes {
namespace {

using std::chrono::nanoseconds;

/// The beginning of /proc/self/task/<id>/<name>, with a zero at its end.
template <std::size_t size>
bool read_of_task(pid_t id, const char* name, char (&text)[size]) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/%s", static_cast<int>(id), name);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const auto length = ::read(file, text, size - 1);
  ::close(file);
  if (length <= 0) return false;
  text[length] = 0;
  return true;
}

}  // namespace

thread_times thread_times::of(pthread_t thread, pid_t id) noexcept {
  thread_times times;
  clockid_t clock{};
  timespec cpu{};
  // The clock is exact; the first field of schedstat is as old as the last tick.
  if (::pthread_getcpuclockid(thread, &clock) == 0 && ::clock_gettime(clock, &cpu) == 0)
    times.cpu = std::chrono::seconds(cpu.tv_sec) + nanoseconds(cpu.tv_nsec);
  char text[256];
  long long on_processor = 0, queued = 0;
  if (read_of_task(id, "schedstat", text) && std::sscanf(text, "%lld %lld", &on_processor, &queued) == 2)
    times.queued = nanoseconds(queued);
  if (read_of_task(id, "stat", text))
    // The name stands in parentheses, and may have some itself.
    if (const char* const end = std::strrchr(text, ')'); end != nullptr && end[1] == ' ') times.state = end[2];
  return times;
}

void held_time::begin(clock::time_point now, const thread_times& times) noexcept {
  last_ = now;
  before_ = times;
  total_ = nanoseconds(0);
}

void held_time::add(clock::time_point now, nanoseconds planned, const thread_times& times) noexcept {
  const nanoseconds elapsed = std::min<nanoseconds>(now - last_, planned);
  const nanoseconds ran = times.cpu - before_.cpu;
  // A wait for a processor is added to `queued` only when it ends. So of a thread that is runnable just now only what
  // it ran is certain.
  const bool blocked_or_unknown = times.state != 'R' && times.state != 'T' && times.state != 't';
  const nanoseconds held = blocked_or_unknown ? (now - last_) - (times.queued - before_.queued) : ran;
  total_ += std::clamp(held, nanoseconds(0), std::max(elapsed, nanoseconds(0)));
  last_ = now;
  before_ = times;
}

}  // namespace tokengate::lanes
