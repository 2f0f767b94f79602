// The processors this process may use: which hardware they are, and how much of their time is granted.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace tokengate {

/// One hardware thread as the operating system schedules it. The numbers name things machine-wide: two cores with equal
/// `l3` share that cache, and so on. `unknown` where neither hwloc nor the kernel tells.
struct logical_core {
  static constexpr unsigned unknown = ~0u;

  unsigned os_index;                 // what affinity masks and /proc/cpuinfo call it
  unsigned physical_core = unknown;  // hardware threads of one physical core share this
  unsigned socket = unknown;
  unsigned numa_node = unknown;
  unsigned l2 = unknown;
  unsigned l3 = unknown;

  friend bool operator==(const logical_core&, const logical_core&) = default;
};

/// Which of the allowed cores to count or to use.
enum class hardware_threads : std::uint8_t { all, one_per_core };

/// What a process finds at one moment. A plain value: it does not follow later changes of masks or quotas.
struct topology {
  /// Where to look; only tests need anything but the defaults.
  struct sources {
    std::string root = "/";  // above proc/ and sys/fs/cgroup/
    bool hwloc = true;       // false: as if hwloc had failed
    std::optional<std::vector<unsigned>>
        allowed;  // in place of the affinity mask: what the operating system calls them
  };

  std::vector<logical_core> allowed;   // by os_index; never empty
  std::vector<logical_core> physical;  // of each physical core the first allowed hardware thread
  unsigned smt = 1;                    // most allowed hardware threads on one physical core
  unsigned sockets = 1;                // with an allowed core in them
  unsigned numa_nodes = 1;
  std::optional<double> quota;     // cores' worth of processor time the control groups grant; none: no limit
  std::string quota_source;        // the file that says so
  std::vector<std::string> notes;  // what could not be found out or was ignored

  /// Looks around: the affinity mask of the calling thread (what new threads inherit, so call it from a thread that is
  /// not pinned), hwloc for the hardware, the control groups for the quota. Takes about a millisecond; blocks on small
  /// files; any thread. Never fails for want of information: what is missing becomes `unknown` or a note. Throws only
  /// std::bad_alloc.
  [[nodiscard]] static topology detect(const sources& from);
  [[nodiscard]] static topology detect() { return detect(sources{}); }

  /// The cores to choose from: all hardware threads, or one of each physical core.
  [[nodiscard]] const std::vector<logical_core>& cores(hardware_threads which = hardware_threads::all) const noexcept {
    return which == hardware_threads::all ? allowed : physical;
  }

  /// How many cores can be kept busy, at least 1: cores(which).size(), but not more than the quota rounded up. Rounded
  /// up, because 1.5 cores granted are half wasted on one thread; the price is that all threads together can outrun the
  /// quota and be held back until the next period. Who cannot bear that starts fewer cores.
  [[nodiscard]] unsigned effective_cores(hardware_threads which = hardware_threads::all) const noexcept;
};

/// Several lines for people, each ended by a newline: a summary, the quota, a table of the cores, the notes.
std::ostream& operator<<(std::ostream& out, const topology& topology);
[[nodiscard]] std::string to_string(const topology& topology);

}  // namespace tokengate
