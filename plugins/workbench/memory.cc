#include <fstream>

#include <unistd.h>

#include <tokengate/plugins/workbench/memory.h>

namespace tokengate::workbench {

std::uint64_t resident_bytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tokengate::workbench
