// What a debugger reads of a stopped process or a core dump: tools/tokengate-gdb.py finds it by the name of a variable,
// also in programs without debug information.
#pragma once

#include <cstdint>
#include <vector>

namespace tokengate::lanes {

class runtime;

/// One core: where things are, as addresses.
struct debugger_core {
  debugger_core* next;
  std::uint64_t index, workers, current_worker, frame;
};

struct debugger_name {
  const char* text;
  std::uint64_t length;
};

/// Addresses, offsets and sizes in bytes. The script knows the order of the fields by `version`.
struct debugger_table {
  std::uint64_t version = 2;
  debugger_core* cores = nullptr;
  const debugger_name* operations = nullptr;  ///< by number; 0 is submit()
  std::uint64_t operation_count = 0;
  std::uint64_t arena_base = 0, arena_slabs = 0, arena_made = 0, arena_large = 0;  ///< addresses of its members
  std::uint64_t slab_size = 0, granule = 0, slab_entry = 0, slab_carved = 0, slab_index = 0;
  std::uint64_t large_after = 0, large_header = 0;
  std::uint64_t node_request = 0, node_creator = 0, node_operation = 0;
  std::uint64_t frame_token = 0, frame_outer = 0;
  std::uint64_t worker_next = 0, worker_top = 0, worker_parked = 0;
  std::uint64_t waiter_word = 0, waiter_kind = 0, waiter_awaited_count = 0, waiter_awaited = 0, waiter_timed = 0;
};

/// Lists the cores of a runtime while it lives.
class debugger_listing {
 public:
  explicit debugger_listing(const runtime& shown);
  debugger_listing(const debugger_listing&) = delete;
  debugger_listing& operator=(const debugger_listing&) = delete;
  ~debugger_listing();

 private:
  std::vector<debugger_core> cores_;
};

}  // namespace tokengate::lanes

extern "C" tokengate::lanes::debugger_table tokengate_debugger;
