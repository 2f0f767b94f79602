// Where tokens go that are made outside a token: the coordinator that is current for the calling thread.
#pragma once

namespace tokengate::detail {

class node;

/// What core/ knows of a running coordinator.
class place {
 public:
  /// Takes a token from a thread that is not one of its cores. May block the thread while the gate is full. Throws
  /// coordinator_stopped or mailbox_full; then the node is still the caller's.
  virtual void submit(node& token) = 0;

  /// The place named by the innermost coordinator::scope of this thread, else the only one that is open. Throws
  /// no_coordinator when there is none, or several.
  [[nodiscard]] static place& current();

  /// Makes this place one that current() may find, and undoes it. Any thread; takes a lock.
  void open();
  void close() noexcept;

  /// Makes `next` the current place of this thread (null: none named) and returns the previous one.
  static place* exchange_scope(place* next) noexcept;

 protected:
  ~place() = default;
};

}  // namespace tokengate::detail
