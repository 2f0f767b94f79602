// For threads that must not wait for room: an interactive loop, a callback of another library.
#pragma once

namespace tokengate {

/// While it lives, a call of an operation (or submit) by this thread outside a token throws mailbox_full where it would
/// wait because the mailbox and all places at the gate are taken; then nothing has been submitted. Tokens that tokens
/// make are never refused. A thread may still yield its processor for a millisecond or two while a core that takes
/// tokens quickly makes room. Nests. To be destroyed by the thread that made it.
class [[nodiscard]] refuse_when_full {
 public:
  refuse_when_full() noexcept;
  refuse_when_full(const refuse_when_full&) = delete;
  refuse_when_full& operator=(const refuse_when_full&) = delete;
  ~refuse_when_full();
};

namespace detail {
/// Throws mailbox_full if the calling thread wants that.
void may_wait_for_room();
}  // namespace detail

}  // namespace tokengate
