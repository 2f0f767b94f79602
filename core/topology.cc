#include <algorithm>
#include <cerrno>
#include <cmath>
#include <iomanip>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <sstream>
#include <type_traits>
#include <utility>

#include <hwloc.h>
#include <sched.h>
#include <unistd.h>

#include <tokengate/core/cpu_quota.h>
#include <tokengate/core/topology.h>

namespace tokengate {
namespace {

// The mask of the calling thread. The kernel refuses a mask shorter than its own, so ask with ever longer ones.
std::optional<std::vector<unsigned>> affinity() {
  for (std::size_t capacity = CPU_SETSIZE; capacity <= 1u << 20; capacity *= 2) {
    std::vector<cpu_set_t> mask(capacity / CPU_SETSIZE);
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, mask.data()) != 0) {
      if (errno == EINVAL) continue;
      return std::nullopt;
    }
    std::vector<unsigned> indices;
    for (std::size_t i = 0; i < capacity; ++i) {
      if (CPU_ISSET_S(i, bytes, mask.data())) indices.push_back(static_cast<unsigned>(i));
    }
    return indices;
  }
  return std::nullopt;
}

std::vector<unsigned> allowed_indices(const topology::sources& from, std::vector<std::string>& notes) {
  std::optional<std::vector<unsigned>> indices = from.allowed ? from.allowed : affinity();
  if (!indices || indices->empty()) {
    notes.emplace_back("the affinity mask cannot be read: taking every online core as allowed");
    indices.emplace();
    const long online = std::max(1l, sysconf(_SC_NPROCESSORS_ONLN));
    for (long i = 0; i < online; ++i) indices->push_back(static_cast<unsigned>(i));
  }
  std::sort(indices->begin(), indices->end());
  indices->erase(std::unique(indices->begin(), indices->end()), indices->end());
  return *std::move(indices);
}

using hwloc_handle = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, decltype(&hwloc_topology_destroy)>;

// Only what we show is discovered: 0.3 ms where everything takes 0.9. Cores outside of our own mask are left in, so
// that the numbers of things do not depend on who asks, and hwloc is kept from binding this thread to look at each
// core.
hwloc_handle load_hwloc() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return {nullptr, &hwloc_topology_destroy};
  hwloc_handle hardware{raw, &hwloc_topology_destroy};
  hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
  for (const hwloc_obj_type_t type : {HWLOC_OBJ_CORE, HWLOC_OBJ_PACKAGE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE}) {
    hwloc_topology_set_type_filter(raw, type, HWLOC_TYPE_FILTER_KEEP_ALL);
  }
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING |
                                    HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS |
                                    HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS);
  if (hwloc_topology_load(raw) != 0) hardware.reset();
  return hardware;
}

// Kernel numbers of cores repeat on every socket; hwloc's logical ones are unique on the machine.
unsigned ancestor(hwloc_topology_t hardware, hwloc_obj_type_t type, hwloc_obj_t thread) {
  const hwloc_obj_t found = hwloc_get_ancestor_obj_by_type(hardware, type, thread);
  return found == nullptr ? logical_core::unknown : found->logical_index;
}

// Memory hangs beside the tree of processors; the operating system's number is the one that users know nodes by.
unsigned numa_node(hwloc_topology_t hardware, hwloc_obj_t thread) {
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(hardware, HWLOC_OBJ_NUMANODE, node)) != nullptr;) {
    if (hwloc_bitmap_isset(node->cpuset, thread->os_index)) return node->os_index;
  }
  return logical_core::unknown;
}

void describe_hardware(bool use_hwloc, topology& found) {
  const hwloc_handle hardware = use_hwloc ? load_hwloc() : hwloc_handle{nullptr, &hwloc_topology_destroy};
  if (!hardware) found.notes.emplace_back("hwloc found nothing out: every core is taken for a physical one");
  for (logical_core& core : found.allowed) {
    const hwloc_obj_t thread = hardware ? hwloc_get_pu_obj_by_os_index(hardware.get(), core.os_index) : nullptr;
    if (thread == nullptr) {
      if (hardware) found.notes.push_back("hwloc does not know core " + std::to_string(core.os_index));
      continue;
    }
    core.physical_core = ancestor(hardware.get(), HWLOC_OBJ_CORE, thread);
    core.socket = ancestor(hardware.get(), HWLOC_OBJ_PACKAGE, thread);
    core.l2 = ancestor(hardware.get(), HWLOC_OBJ_L2CACHE, thread);
    core.l3 = ancestor(hardware.get(), HWLOC_OBJ_L3CACHE, thread);
    core.numa_node = numa_node(hardware.get(), thread);
  }
}

// A core of which nothing is known counts as a physical core of its own.
void count(topology& found) {
  std::map<unsigned, unsigned> threads_of;
  std::set<unsigned> sockets;
  std::set<unsigned> nodes;
  for (const logical_core& core : found.allowed) {
    const bool known = core.physical_core != logical_core::unknown;
    const unsigned threads = known ? ++threads_of[core.physical_core] : 1;
    if (threads == 1) found.physical.push_back(core);
    found.smt = std::max(found.smt, threads);
    sockets.insert(core.socket);
    nodes.insert(core.numa_node);
  }
  found.sockets = static_cast<unsigned>(sockets.size());
  found.numa_nodes = static_cast<unsigned>(nodes.size());
}

struct counted {
  std::size_t number;
  const char* noun;
};

std::ostream& operator<<(std::ostream& out, const counted& things) {
  return out << things.number << ' ' << things.noun << (things.number == 1 ? "" : "s");
}

struct cell {
  unsigned value;
};

std::ostream& operator<<(std::ostream& out, const cell& cell) {
  out << std::setw(10);
  return cell.value == logical_core::unknown ? out << '-' : out << cell.value;
}

}  // namespace

topology topology::detect(const sources& from) {
  topology found;
  for (const unsigned index : allowed_indices(from, found.notes)) found.allowed.push_back({.os_index = index});
  describe_hardware(from.hwloc, found);
  count(found);
  detail::cpu_quota quota = detail::read_cpu_quota(from.root);
  found.quota = quota.cores;
  found.quota_source = std::move(quota.source);
  std::move(quota.notes.begin(), quota.notes.end(), std::back_inserter(found.notes));
  return found;
}

unsigned topology::effective_cores(hardware_threads which) const noexcept {
  const double available = static_cast<double>(cores(which).size());
  const double granted = quota ? std::ceil(*quota) : available;
  return static_cast<unsigned>(std::max(1.0, std::min(available, granted)));
}

std::ostream& operator<<(std::ostream& out, const topology& topology) {
  std::ostringstream text;  // the caller's flags and widths stay out of it
  text << "cores   " << topology.effective_cores() << " to use, " << topology.allowed.size()
       << " allowed: " << counted{topology.physical.size(), "physical core"} << ", "
       << counted{topology.sockets, "socket"} << ", " << counted{topology.numa_nodes, "NUMA node"} << ", "
       << counted{topology.smt, "hardware thread"} << " a core\n"
       << "quota   ";
  if (topology.quota) {
    text << *topology.quota << " cores of processor time (" << topology.quota_source << ")\n";
  } else {
    text << "none\n";
  }
  text << "\n      core  physical    socket      NUMA        L2        L3\n";
  for (const logical_core& core : topology.allowed) {
    text << cell{core.os_index} << cell{core.physical_core} << cell{core.socket} << cell{core.numa_node}
         << cell{core.l2} << cell{core.l3} << '\n';
  }
  for (const std::string& note : topology.notes) text << "note    " << note << '\n';
  return out << text.str();
}

std::string to_string(const topology& topology) {
  std::ostringstream out;
  out << topology;
  return std::move(out).str();
}

}  // namespace tokengate
