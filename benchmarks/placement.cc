#include <tokengate/benchmarks/placement.h>

namespace tokengate::benchmarks {
namespace {

cpu_set_t allowed() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  return set;
}

void stay_on(int processor) noexcept {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  ::sched_setaffinity(0, sizeof only, &only);
}

}  // namespace

void stay_on_first_processor() noexcept {
  const cpu_set_t mine = allowed();
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(processor, &mine)) return stay_on(processor);
}

on_last_processor::on_last_processor() noexcept : before_(allowed()) {
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &before_)) --last;
  stay_on(last);
}

on_last_processor::~on_last_processor() { ::sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace tokengate::benchmarks
