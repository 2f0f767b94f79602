// What can go wrong, as exceptions. Every message says what to do about it.
#pragma once

#include <stdexcept>
#include <string>

namespace tokengate {

/// Base of every exception that TokenGate itself throws; what a user's operation throws is carried through unchanged.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A call that no state of the program can make right: an empty token, a wait inside a destroyed context, a bad option.
class misuse : public error {
 public:
  using error::error;
};

/// An operation was called outside a token while no coordinator, or more than one, was running.
class no_coordinator : public error {
 public:
  using error::error;
};

/// The coordinator takes no new tokens from outside any more: stop() was called.
class coordinator_stopped : public error {
 public:
  using error::error;
};

/// The operation belongs to no registry that a TOKENGATE_APPLICATION or TOKENGATE_PLUGIN closed.
class operation_not_registered : public error {
 public:
  using error::error;
};

/// A lead called an operation that its external_calls do not name, and options::strict_calls forbids that. Nothing was
/// submitted.
class undeclared_call : public error {
 public:
  using error::error;
};

/// get_for or get_until gave up; the token is untouched and may be asked again.
class wait_timed_out : public error {
 public:
  using error::error;
};

/// What get() throws for a token that was killed before it could finish. The message names the reason.
class token_killed : public error {
 public:
  using error::error;
};

/// What get() throws for a token whose deadline passed before it could finish.
class token_timed_out : public error {
 public:
  using error::error;
};

/// What get() throws for a token that would not stop: its coordinator stopped without it.
class stop_abandoned : public error {
 public:
  using error::error;
};

/// Thrown in the youngest token of a cycle of tokens that wait for each other, and by a wait for a token that cannot
/// begin before the waiting one has ended: of its own exclusive anchor. The message names the cycle.
class deadlock_detected : public error {
 public:
  using error::error;
};

/// What a wait of a thread throws when nothing can happen any more in a simulated coordinator: a token, or a wake-up,
/// was lost, or tokens wait for each other. The message names the seed.
class simulation_stuck : public error {
 public:
  using error::error;
};

/// There was no room for a token, and the calling thread asked not to wait (refuse_when_full).
class mailbox_full : public error {
 public:
  using error::error;
};

}  // namespace tokengate
