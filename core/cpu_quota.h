// How much processor time the control groups of this process allow: cgroup v1, v2 and both at once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tokengate::detail {

/// The tightest limit over all control groups that this process is in, and over their ancestors.
struct cpu_quota {
  std::optional<double> cores;     // processor time per elapsed time; none: no limit
  std::string source;              // the file that set it
  std::vector<std::string> notes;  // what was found but could not be understood, and was ignored
};

/// Reads the quota below `root` ("/" but for tests): proc/self/mountinfo tells where the control groups are mounted,
/// proc/self/cgroup where in them this process lives. A group that is not visible there (in a container) counts with
/// those of its ancestors that are, at least the root of the mount. Blocks on small reads of procfs and cgroupfs; what
/// is missing means no limit, what is malformed is left out with a note. Throws only std::bad_alloc.
[[nodiscard]] cpu_quota read_cpu_quota(const std::filesystem::path& root);

}  // namespace tokengate::detail
