#include <tokengate/core/error.h>
#include <tokengate/core/refuse_when_full.h>

namespace tokengate {
namespace {
thread_local constinit unsigned refusing = 0;
}  // namespace

refuse_when_full::refuse_when_full() noexcept { ++refusing; }

refuse_when_full::~refuse_when_full() { --refusing; }

void detail::may_wait_for_room() {
  if (refusing != 0)
    throw mailbox_full(
        "the mailbox is full and options::max_waiting tokens wait at the gate; try again later, or let the call wait "
        "by not using refuse_when_full");
}

}  // namespace tokengate
